interface Committed {
  readonly partition: number
  readonly offset: number
}

/** How many records of one topic commits cover, where every partition begins at 0. */
export class CommittedCount {
  readonly #offsets = new Map<number, number>()

  /** How many more they are by these commits. */
  add(commits: readonly Committed[]): number {
    let more = 0
    for (const { partition, offset } of commits) {
      const before = this.#offsets.get(partition) ?? 0
      if (offset <= before) continue
      more += offset - before
      this.#offsets.set(partition, offset)
    }
    return more
  }
}
