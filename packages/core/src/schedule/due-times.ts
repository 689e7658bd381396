import type { RecordSource } from '../model/record-source.ts'

/** When the buffered records of a retry topic may be admitted, in their order. */
export class DueTimes {
  readonly #delayMs: number
  #times: number[] = []
  /** How many of them have come. */
  #due = 0

  constructor(delayMs: number) {
    this.#delayMs = delayMs
  }

  /** How many records, from the first one on, may be admitted. */
  get due(): number {
    return this.#due
  }

  /** When the first record may be admitted that may not be yet; undefined where there is none. */
  get nextMs(): number | undefined {
    return this.#times[this.#due]
  }

  /**
   * A record waits from its time stamp on, whoever set it: one of the past does not wait, and none of the future waits
   * longer than the delay from now on. None overtakes the one before it.
   */
  add(source: RecordSource, nowMs: number, wallNowMs: number): void {
    let latestMs = this.#times.at(-1) ?? 0
    for (let index = 0; index < source.length; index += 1) {
      const leftMs = source.at(index).timestamp + this.#delayMs - wallNowMs
      latestMs = Math.max(latestMs, nowMs + Math.max(0, Math.min(this.#delayMs, leftMs)))
      this.#times.push(latestMs)
    }
  }

  /** Time has passed. */
  advance(nowMs: number): void {
    while ((this.#times[this.#due] ?? Number.POSITIVE_INFINITY) <= nowMs) this.#due += 1
  }

  /** So many records were admitted. */
  take(count: number): void {
    this.#times = this.#times.slice(count)
    this.#due -= count
  }

  clear(): void {
    this.#times = []
    this.#due = 0
  }
}
