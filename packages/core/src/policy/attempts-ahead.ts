/** So many attempts are remembered, with fading weight. */
const MEMORY = 256
/** More than the means ask for: what a store answers comes in bursts. */
const HEADROOM = 2
const MOST_PER_SLOT = 5

/**
 * How many attempts may be under way beside those whose handlers run, where attempts wait before and after their handlers: as
 * many as wait while every slot has a handler (Little's law). None where the waiting is nothing beside the handling.
 */
export class AttemptsAhead {
  #waitedMs = 0
  #handledMs = 0

  /** An attempt ended that waited for so long outside its handler; 0 for a handler that was not called. */
  note(waitedMs: number, handledMs: number): void {
    const kept = 1 - 1 / MEMORY
    this.#waitedMs = this.#waitedMs * kept + waitedMs
    this.#handledMs = this.#handledMs * kept + handledMs
  }

  beside(slots: number): number {
    if (this.#waitedMs <= 0) return 0
    return Math.min(MOST_PER_SLOT * slots, Math.round((HEADROOM * slots * this.#waitedMs) / this.#handledMs))
  }
}
