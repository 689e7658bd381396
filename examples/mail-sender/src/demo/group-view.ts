interface Membership {
  readonly generationId: number
  readonly partitions: readonly number[]
}

/** Who has which partition, and how often that changed, from what the workers tell. */
export class GroupView {
  readonly #members = new Map<string, Membership>()
  readonly #first = new Map<string, number>()
  readonly #generations = new Set<number>()
  readonly #names: readonly string[]

  constructor(workers: readonly string[]) {
    this.#names = workers
  }

  joined(worker: string, generationId: number, partitions: readonly number[]): void {
    this.#members.set(worker, { generationId, partitions })
    this.#generations.add(generationId)
    if (!this.#first.has(worker)) this.#first.set(worker, generationId)
  }

  gone(worker: string): void {
    this.#members.delete(worker)
  }

  /** Two may claim a partition while the news of one is on its way: the later generation is right. */
  workerOf(partition: number): string | undefined {
    const claims = [...this.#members].filter(([, { partitions }]) => partitions.includes(partition))
    return claims.toSorted(([, a], [, b]) => b.generationId - a.generationId)[0]?.[0]
  }

  /** Generations after the first that had every worker in it; where a worker never joined, after the first of all. */
  get rebalances(): number {
    const settled = this.#names.every((name) => this.#first.has(name))
    const firsts = [...this.#first.values()]
    const start = settled ? Math.max(...firsts) : Math.min(...firsts)
    return [...this.#generations].filter((generation) => generation > start).length
  }
}
