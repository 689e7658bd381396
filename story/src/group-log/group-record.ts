import type { GroupEntry } from './decode-entry.ts'

/** One group as the broker has written it down so far. */
export class GroupRecord {
  /** The broker's number of the last rebalance. */
  generation = 0
  /** Offsets that it has taken, each partition by itself. */
  commits = 0
  readonly #committed = new Map<string, number>()

  add(entry: GroupEntry): void {
    if (entry.type === 'generation') {
      this.generation = Math.max(this.generation, entry.generation)
      return
    }
    this.commits += 1
    this.#committed.set(`${entry.topic}/${entry.partition}`, entry.offset)
  }

  /** The sum of the offsets that are in force: how many records are committed of topics that begin at 0. */
  get committed(): number {
    return [...this.#committed.values()].reduce((sum, offset) => sum + offset, 0)
  }
}
