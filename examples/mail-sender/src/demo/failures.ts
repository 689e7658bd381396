import type { MailFaults, Refusal } from '../mail/catcher.ts'
import { messageIdOf } from '../mail/message-id.ts'
import type { MailRequest } from '../mail-request.ts'

/** Of so many requests one fails in each of the ways below. */
const ONE_IN = 20
const BUSY_TIMES = 2
/** The server is away for so long, some mails after the first. */
const OUTAGE_AFTER_MAILS = 20
const OUTAGE_MS = 1_500

const UNKNOWN: Refusal = { code: 550, text: 'no such mailbox' }
const BUSY: Refusal = { code: 451, text: 'mailbox is busy' }

/**
 * What goes wrong in `--failures`: addresses that are none, mailboxes that do not exist, mailboxes that are busy twice, requests that
 * are sent twice, and a server that is away for a while. The first two end in the dead-letter topic.
 */
export class Failures implements MailFaults {
  readonly requests: readonly MailRequest[]
  readonly #unknown = new Set<string>()
  readonly #busy = new Map<string, number>()
  #mails = 0
  #downUntilMs = 0

  constructor(requests: readonly MailRequest[]) {
    this.requests = requests.map((request, index) => {
      const messageId = messageIdOf(request.id)
      const way = index % ONE_IN
      if (way === 7) this.#unknown.add(messageId)
      if (way === 11) this.#busy.set(messageId, BUSY_TIMES)
      return way === 3 ? { ...request, to: 'nobody at all' } : request
    })
  }

  /** Requests that their producer sends a second time: each has one mail all the same. */
  get repeats(): readonly MailRequest[] {
    return this.requests.filter((_, index) => index % ONE_IN === 15)
  }

  /** How many requests can never be a mail. */
  get hopeless(): number {
    return this.requests.filter((_, index) => index % ONE_IN === 3 || index % ONE_IN === 7).length
  }

  /** A mail was taken. */
  noteMail(): void {
    this.#mails += 1
    if (this.#mails === OUTAGE_AFTER_MAILS) this.#downUntilMs = performance.now() + OUTAGE_MS
  }

  isDown(): boolean {
    return performance.now() < this.#downUntilMs
  }

  refusalOf(messageId: string): Refusal | undefined {
    if (this.#unknown.has(messageId)) return UNKNOWN
    const times = this.#busy.get(messageId) ?? 0
    if (times === 0) return undefined
    this.#busy.set(messageId, times - 1)
    return BUSY
  }
}
