/** The time from its first start to its last lap. */
export class Stopwatch {
  readonly #now: () => number
  #startMs: number | undefined
  #lapMs = 0

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** The first call counts. */
  start(): void {
    this.#startMs ??= this.#now()
  }

  /** The last call counts. */
  lap(): void {
    this.#lapMs = this.#now()
  }

  /** 0 where nothing was started, or no lap came after the start. */
  get seconds(): number {
    return this.#startMs === undefined ? 0 : Math.max(0, Math.round((this.#lapMs - this.#startMs) / 100) / 10)
  }
}
