import { Random, seedOf } from 'holdfast-chaos/random'
import { LOOK_UP_MS } from '../scale.ts'

/** The value of a record: a mail to be sent, and how long the look-up for it takes. */
export interface MailRequest {
  readonly id: number
  readonly lookUpMs: number
}

/** The same requests for every arm: the seed draws the look-ups. */
export function drawRequests(count: number, seed: number): MailRequest[] {
  const random = new Random(seedOf(seed, 'look-ups'))
  return Array.from({ length: count }, (_, id) => ({
    id,
    lookUpMs: Math.round(random.between(LOOK_UP_MS.least, LOOK_UP_MS.most)),
  }))
}

export function writeRequest(request: MailRequest): string {
  return JSON.stringify(request)
}

export function readRequest(value: Buffer | null): MailRequest {
  return JSON.parse(String(value)) as MailRequest
}
