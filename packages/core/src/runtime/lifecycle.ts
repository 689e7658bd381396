import { HoldfastError } from '../errors/holdfast-error.ts'
import { LIFECYCLE_TRANSITIONS, type LifecycleState } from '../model/lifecycle.ts'
import type { Events } from '../ports/events.ts'

/** The one writer of the consumer's state. */
export class Lifecycle {
  readonly #events: Events
  #state: LifecycleState = 'idle'

  constructor(events: Events) {
    this.#events = events
  }

  get state(): LifecycleState {
    return this.#state
  }

  enter(to: LifecycleState, error?: unknown): void {
    const from = this.#state
    if (!LIFECYCLE_TRANSITIONS[from].includes(to)) {
      throw new HoldfastError('HF_INTERNAL', `a consumer that is ${from} cannot become ${to}.`, {
        details: { from, to },
      })
    }
    this.#state = to
    this.#events.emit('consumer:state', error === undefined ? { from, to } : { from, to, error })
  }
}
