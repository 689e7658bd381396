/** So many attempts are remembered, with fading weight: more than end at once when a store answers, which are noted in one row. */
const MEMORY = 512
/** More than the means ask for: what a store answers comes in bursts. */
const HEADROOM = 2
const MOST_PER_SLOT = 5

/**
 * How many attempts may be under way beside those whose handlers run, where attempts wait before and after their handlers: as
 * many as wait while every slot has a handler (Little's law). None where the waiting is nothing beside the handling.
 */
export class AttemptsAhead {
  /** Of the attempts remembered: what they took, and what their handlers took of it. */
  #attemptMs = 0
  #handlerMs = 0
  /** Of handlers that ended since the last attempt did. */
  #pendingMs = 0

  /** A handler ended. */
  noteHandler(durationMs: number): void {
    this.#pendingMs += durationMs
  }

  /** An attempt ended, with its handler or without. */
  noteAttempt(durationMs: number): void {
    const kept = 1 - 1 / MEMORY
    this.#attemptMs = this.#attemptMs * kept + durationMs
    this.#handlerMs = this.#handlerMs * kept + this.#pendingMs
    this.#pendingMs = 0
  }

  beside(slots: number): number {
    const outsideMs = Math.max(0, this.#attemptMs - this.#handlerMs)
    if (outsideMs === 0) return 0
    return Math.min(MOST_PER_SLOT * slots, Math.round((HEADROOM * slots * outsideMs) / this.#handlerMs))
  }
}
