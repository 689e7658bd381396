/** So many records in so many milliseconds, whole numbers of at least 1. */
export interface Rate {
  readonly records: number
  readonly intervalMs: number
}

/**
 * How many records may begin: `records` at once, and from then on so many in every interval, evenly. More records than it
 * holds begin together when it is full, and are paid for afterwards. Time is a parameter.
 */
export class TokenBucket {
  readonly #rate: Rate
  /** When it will be full again. */
  #fullAtMs = Number.NEGATIVE_INFINITY

  constructor(rate: Rate) {
    this.#rate = rate
  }

  /** How long it takes until so many records may begin. */
  waitMs(records: number, nowMs: number): number {
    const { intervalMs } = this.#rate
    const taken = this.#costMs(Math.min(records, this.#rate.records))
    return Math.max(0, this.#fullAtMs + taken - intervalMs - nowMs)
  }

  take(records: number, nowMs: number): void {
    this.#fullAtMs = Math.max(this.#fullAtMs, nowMs) + this.#costMs(records)
  }

  #costMs(records: number): number {
    return (records * this.#rate.intervalMs) / this.#rate.records
  }
}
