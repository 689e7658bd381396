import { partitionName, type TopicPartition } from '@holdfast/core'
import type { FetchRequest } from '../internals/cluster.ts'

const MIN_BYTES = 65_536
const FIRST_BYTES = 262_144
const SHRINK = 0.5
const GROWTH = 1.25

/**
 * How much is asked for of each partition: little at first, more with every fetch, and less each time it has to be paused.
 * A partition whose handlers are slower than its fetches so comes to some fetches per refill of its buffer, instead of
 * one that overfills it and keeps the collector busy with what waits.
 */
export class FetchSizes {
  readonly #maxBytes: number
  readonly #bytes = new Map<string, number>()

  constructor(maxPartitionFetchBytes: number) {
    this.#maxBytes = maxPartitionFetchBytes
  }

  shrink(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const name = partitionName(partition)
      this.#bytes.set(name, Math.max(MIN_BYTES, Math.round(this.#of(name) * SHRINK)))
    }
  }

  /** Sets the sizes of a request that is about to be sent. */
  apply(request: FetchRequest): void {
    for (const { topic, partitions } of request.topics) {
      for (const asked of partitions) {
        const name = partitionName({ topic, ...asked })
        const bytes = this.#of(name)
        asked.maxBytes = Math.min(bytes, this.#maxBytes)
        this.#bytes.set(name, Math.min(Math.round(bytes * GROWTH), this.#maxBytes))
      }
    }
  }

  /** These begin anew. */
  forget(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#bytes.delete(partitionName(partition))
  }

  #of(name: string): number {
    return this.#bytes.get(name) ?? FIRST_BYTES
  }
}
