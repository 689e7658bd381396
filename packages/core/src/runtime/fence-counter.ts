import type { Events } from '../ports/events.ts'

/** Counts what was dropped at the doors, from the events that tell it. */
export class FenceCounter {
  #attempts = 0
  #records = 0
  #commits = 0

  constructor(events: Events) {
    events.on('attempt:stale', () => {
      this.#attempts += 1
    })
    events.on('batch:dropped', ({ reason, count }) => {
      if (reason === 'stale epoch') this.#records += count
    })
    events.on('commit:fenced', ({ offsets }) => {
      this.#commits += offsets.length
    })
  }

  get counts(): { readonly attempts: number; readonly records: number; readonly commits: number } {
    return { attempts: this.#attempts, records: this.#records, commits: this.#commits }
  }
}
