import type { Events } from '../ports/events.ts'

/** Counts records that ended without success, from the events that tell it. */
export class OutcomeCounter {
  #moved = 0
  #dead = 0
  #discarded = 0

  constructor(events: Events) {
    events.on('record:moved', () => {
      this.#moved += 1
    })
    events.on('record:dead', () => {
      this.#dead += 1
    })
    events.on('record:discarded', () => {
      this.#discarded += 1
    })
  }

  get counts(): { readonly moved: number; readonly dead: number; readonly discarded: number } {
    return { moved: this.#moved, dead: this.#dead, discarded: this.#discarded }
  }
}
