import { partitionName, type TopicPartition } from '@holdfast/core'
import type { FetchRequest, FetchResponse } from '../internals/cluster.ts'

/** The fetches that were answered, by partition, and what they said of the end of the log. */
export class AnsweredFetches {
  readonly #counts = new Map<string, number>()
  readonly #stableEnds = new Map<string, number>()

  /** What was asked for has been answered, whether there was anything or not. */
  note(request: FetchRequest, response: FetchResponse): void {
    for (const { topic, partitions } of request.topics)
      for (const { partition } of partitions) this.#add(partitionName({ topic, partition }))
    for (const { topicName: topic, partitions } of response.responses) {
      for (const { partition, lastStableOffset } of partitions) {
        const end = Number(lastStableOffset ?? -1)
        if (end >= 0) this.#stableEnds.set(partitionName({ topic, partition }), end)
      }
    }
  }

  count(partition: TopicPartition): number {
    return this.#counts.get(partitionName(partition)) ?? 0
  }

  /** The last stable offset; undefined where the broker did not say one. */
  stableEnd(partition: TopicPartition): number | undefined {
    return this.#stableEnds.get(partitionName(partition))
  }

  forget(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#stableEnds.delete(partitionName(partition))
  }

  #add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }
}
