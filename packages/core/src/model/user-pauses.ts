import type { TopicPartition } from './topic-partition.ts'

/** What the user has paused: whole topics and single partitions. It outlives assignments. */
export class UserPauses {
  readonly #topics = new Set<string>()
  readonly #partitions = new Map<string, Set<number>>()

  pause(topic: string, partition?: number): void {
    if (partition === undefined) this.#topics.add(topic)
    else this.#ofTopic(topic).add(partition)
  }

  /** Resuming a topic resumes each of its partitions. */
  resume(topic: string, partition?: number): void {
    if (partition !== undefined) {
      this.#ofTopic(topic).delete(partition)
      return
    }
    this.#topics.delete(topic)
    this.#partitions.delete(topic)
  }

  covers({ topic, partition }: TopicPartition): boolean {
    return this.#topics.has(topic) || (this.#partitions.get(topic)?.has(partition) ?? false)
  }

  #ofTopic(topic: string): Set<number> {
    const known = this.#partitions.get(topic) ?? new Set()
    this.#partitions.set(topic, known)
    return known
  }
}
