import type { Events } from '../ports/events.ts'

/** Counts records that ended without success, from the events that tell it. */
export class OutcomeCounter {
  #moved = 0
  #dead = 0
  #discarded = 0
  #quarantined = 0

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
    events.on('record:quarantined', ({ offset, lastOffset }) => {
      this.#quarantined += lastOffset - offset + 1
    })
  }

  get counts(): Readonly<Record<'moved' | 'dead' | 'discarded' | 'quarantined', number>> {
    return { moved: this.#moved, dead: this.#dead, discarded: this.#discarded, quarantined: this.#quarantined }
  }
}
