const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000
/** A membership of so long begins the count anew. */
const STEADY_MS = 60_000

/** Bounds how often in a row a client that ended itself is built anew, and says how long to wait before. */
export class Restarts {
  readonly #most: number
  #count = 0
  #joinedMs: number | undefined

  constructor(most: number) {
    this.#most = most
  }

  noteJoined(nowMs: number): void {
    this.#joinedMs ??= nowMs
  }

  /** The pause before the next one; undefined where there have been too many. */
  next(nowMs: number): number | undefined {
    if (this.#joinedMs !== undefined && nowMs - this.#joinedMs >= STEADY_MS) this.#count = 0
    this.#joinedMs = undefined
    if (this.#count >= this.#most) return undefined
    this.#count += 1
    return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#count - 1))
  }
}
