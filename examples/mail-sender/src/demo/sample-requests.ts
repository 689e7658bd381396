import { randomUUID } from 'node:crypto'
import type { MailRequest } from '../mail-request.ts'

/** As many as `sql/sample-data.sql` has. */
const RECIPIENTS = 1_000
const TEMPLATES = ['welcome', 'receipt', 'reminder']

/** Requests that the sample database can answer. */
export function sampleRequests(count: number): MailRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    id: randomUUID(),
    to: `person-${(index % RECIPIENTS) + 1}@example.com`,
    template: TEMPLATES[index % TEMPLATES.length] as string,
    data: { order: `A-${1_000 + index}` },
  }))
}
