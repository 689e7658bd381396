import type { MailFaults, Refusal } from '../mail/catcher.ts'
import { messageIdOf } from '../mail/message-id.ts'
import type { MailRequest } from '../mail-request.ts'

/** The request at which its worker dies. */
const FATAL_INDEX = 17
/** Of so many requests one fails in each of the ways below. */
const ONE_IN = 20
const BUSY_TIMES = 2
/** The server is away for so long, some mails after the first. */
const OUTAGE_AFTER_MAILS = 20
const OUTAGE_MS = 1_500

const UNKNOWN: Refusal = { code: 550, text: 'no such mailbox' }
const BUSY: Refusal = { code: 451, text: 'mailbox is busy' }

/**
 * What goes wrong in `--failures`: addresses that are none, mailboxes that do not exist, mailboxes that are busy twice, requests
 * that are sent twice, a server that is away for a while, and a request at which its worker dies. The first two and the last
 * one end in the dead-letter topic.
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
    const isHopeless = (index: number): boolean => index % ONE_IN === 3 || index % ONE_IN === 7 || index === FATAL_INDEX
    return this.requests.filter((_, index) => isHopeless(index)).length
  }

  /** The request at which its worker dies; undefined where there are too few for one. */
  get fatal(): string | undefined {
    return this.requests[FATAL_INDEX]?.id
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
