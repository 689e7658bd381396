import type { DeadlineRung, LateCounts, PollRung } from '../policy/deadline.ts'
import type { Events } from '../ports/events.ts'

/** Counts the rungs that are told. */
export class LateCounter {
  readonly #attempts: Record<DeadlineRung, number> = { warn: 0, pause: 0, abort: 0, ignored: 0 }
  readonly #polls: Record<PollRung, number> = { warn: 0, pause: 0, overrun: 0 }

  constructor(events: Events) {
    events.on('attempt:late', ({ rung }) => {
      this.#attempts[rung] += 1
    })
    events.on('poll:late', ({ rung }) => {
      this.#polls[rung] += 1
    })
  }

  get counts(): LateCounts {
    return { attempts: { ...this.#attempts }, polls: { ...this.#polls } }
  }
}
