/** Counts the mails that arrived for the requests of this run. Anything else that arrives is not ours and not counted. */
export class Deliveries {
  readonly #expected: ReadonlySet<string>
  readonly #seen = new Set<string>()
  readonly #first = Promise.withResolvers<void>()
  #duplicates = 0

  constructor(messageIds: Iterable<string>) {
    this.#expected = new Set(messageIds)
  }

  record(messageId: string): void {
    if (!this.#expected.has(messageId)) return
    if (this.#seen.has(messageId)) this.#duplicates += 1
    this.#seen.add(messageId)
    this.#first.resolve()
  }

  /** Settles with the first mail. */
  get first(): Promise<void> {
    return this.#first.promise
  }

  /** Requests whose mail arrived at least once. */
  get delivered(): number {
    return this.#seen.size
  }

  /** Mails beyond the first of their request. */
  get duplicates(): number {
    return this.#duplicates
  }
}
