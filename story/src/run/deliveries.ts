/** Mails that have gone out, by request. */
export class Deliveries {
  /** When the last request went out for the first time. */
  lastNewMs = 0
  duplicates = 0
  readonly #sent = new Set<number>()

  note(id: number, atMs: number): void {
    if (this.#sent.has(id)) {
      this.duplicates += 1
      return
    }
    this.#sent.add(id)
    this.lastNewMs = atMs
  }

  get distinct(): number {
    return this.#sent.size
  }
}
