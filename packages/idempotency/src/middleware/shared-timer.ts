import type { Clock, Timer } from '@holdfast/core'

export interface Ticking {
  /** Its time has come. It is not in the timer any more, and may add itself again. */
  tick(): void
}

/** One timer of a clock for many that all wait equally long: an attempt that ends before its time has set none. */
export class SharedTimer {
  readonly #clock: Clock
  readonly #delayMs: number
  /** When each is due, the next one first. */
  readonly #dueMs = new Map<Ticking, number>()
  #timer: Timer | undefined

  constructor(clock: Clock, delayMs: number) {
    this.#clock = clock
    this.#delayMs = delayMs
  }

  /** Its time begins, or begins again. */
  add(ticking: Ticking): void {
    this.#dueMs.delete(ticking)
    this.#dueMs.set(ticking, this.#clock.now() + this.#delayMs)
    this.#arm(this.#delayMs)
  }

  /** The last one that leaves lets the process end. */
  delete(ticking: Ticking): void {
    this.#dueMs.delete(ticking)
    if (this.#dueMs.size > 0) return
    this.#timer?.clear()
    this.#timer = undefined
  }

  #arm(delayMs: number): void {
    this.#timer ??= this.#clock.setTimer(() => this.#tick(), delayMs)
  }

  #tick(): void {
    this.#timer = undefined
    const nowMs = this.#clock.now()
    const due: Ticking[] = []
    for (const [ticking, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) {
        this.#arm(dueMs - nowMs)
        break
      }
      due.push(ticking)
    }
    // One of them can take another out.
    for (const ticking of due) if (this.#dueMs.delete(ticking)) ticking.tick()
  }
}
