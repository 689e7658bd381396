import { partitionName, type TopicPartition } from '@holdfast/core'
import type { FetchRequest } from '../internals/cluster.ts'

/**
 * Which partitions are not to be fetched. kafkajs has pauses of its own, but where all that it has is paused it sleeps for
 * the whole fetch wait, whatever is resumed meanwhile, and it drops what a fetch under way brings for a paused partition.
 */
export class FetchPauses {
  readonly #paused = new Set<string>()
  readonly #waiting = new Set<() => void>()

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#paused.add(partitionName(partition))
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#paused.delete(partitionName(partition))
    this.#wake()
  }

  /** The request without what is paused; undefined where nothing is left to ask for. */
  apply(request: FetchRequest): FetchRequest | undefined {
    if (this.#paused.size === 0) return request
    const topics = request.topics
      .map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.filter(({ partition }) => !this.#paused.has(partitionName({ topic, partition }))),
      }))
      .filter(({ partitions }) => partitions.length > 0)
    return topics.length === 0 ? undefined : { ...request, topics }
  }

  /** Until anything is resumed, and no longer than `limitMs`. */
  untilResumed(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, limitMs)
      this.#waiting.add(wake)
    })
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }
}
