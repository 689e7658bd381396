import { partitionName, type TopicPartition } from '@holdfast/core'
import { type Entry, entriesOf, type Sampled } from '../history/entry.ts'

/** What the broker was known to hold, and when. */
export class Coverage {
  readonly #samples = new Map<string, Sampled[]>()

  constructor(entries: readonly Entry[]) {
    for (const sample of entriesOf(entries, 'sample')) {
      const name = partitionName(sample)
      const samples = this.#samples.get(name)
      if (samples === undefined) this.#samples.set(name, [sample])
      else samples.push(sample)
    }
  }

  /** The samples of a partition in the order of time; only changes are among them. */
  samplesOf(partition: string): readonly Sampled[] {
    return this.#samples.get(partition) ?? []
  }

  get partitions(): Iterable<string> {
    return this.#samples.keys()
  }

  /** What had been answered last at `at`. */
  heldAt(partition: string, at: number): Sampled | undefined {
    const samples = this.samplesOf(partition)
    let [low, high] = [-1, samples.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((samples[middle] as Sampled).at <= at) low = middle
      else high = middle - 1
    }
    return samples[low]
  }

  /** Whether the broker was known to hold, at `at`, that the record needs no handling any more. */
  covers(record: TopicPartition & { readonly offset: number }, at: number): boolean {
    const held = this.heldAt(partitionName(record), at)
    return held !== undefined && (record.offset < held.offset || isDoneAhead(held.doneAhead, record.offset))
  }
}

function isDoneAhead(bounds: readonly number[], offset: number): boolean {
  for (let index = 0; index < bounds.length; index += 2)
    if (offset >= (bounds[index] as number) && offset < (bounds[index + 1] as number)) return true
  return false
}
