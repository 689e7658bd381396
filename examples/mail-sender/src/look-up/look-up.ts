import { setTimeout as wait } from 'node:timers/promises'
import type { MailRequest } from '../mail-request.ts'
import type { Database } from './database.ts'
import type { LookUpTime } from './look-up-time.ts'

/** What the database knows for a request. */
export interface Found {
  /** The recipient's name. */
  readonly name: string
  readonly subject: string
  readonly body: string
}

/** Finds recipient and template. Rejects when the signal aborts. */
export type LookUp = (request: MailRequest, signal: AbortSignal) => Promise<Found>

const QUERY = `
  select recipient.name, template.subject, template.body
  from recipients as recipient, templates as template
  where recipient.email = $1 and template.name = $2`

/** The look-up in a database that takes `time` longer than it needs. */
export function databaseLookUp(database: Database, time: LookUpTime): LookUp {
  return async ({ to, template }, signal) => {
    await wait(time(), undefined, { signal })
    const [found] = await unlessAborted(database.query<Found>(QUERY, [to, template]), signal)
    if (found === undefined) throw new Error(`the database has no template "${template}", or not the recipient`)
    return found
  }
}

/** Stops waiting when the signal aborts. A query that runs ends by itself; it only reads. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
