import type { Events } from '../ports/events.ts'

/** Counts records that ended without success, from the events that tell it. */
export class OutcomeCounter {
  #dead = 0
  #discarded = 0

  constructor(events: Events) {
    events.on('record:dead', () => {
      this.#dead += 1
    })
    events.on('record:discarded', () => {
      this.#discarded += 1
    })
  }

  get counts(): { readonly dead: number; readonly discarded: number } {
    return { dead: this.#dead, discarded: this.#discarded }
  }
}
