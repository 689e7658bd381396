import type { TopicPartition } from '@holdfast/core'

export interface Subscriber {
  readonly memberId: string
  readonly topics: readonly string[]
}

/** Kafka's range assignor: per topic, consecutive partitions to the members in the order of their ids. */
export function assignRange(
  subscribers: readonly Subscriber[],
  partitionsOf: (topic: string) => number,
): ReadonlyMap<string, TopicPartition[]> {
  const assignment = new Map<string, TopicPartition[]>(subscribers.map(({ memberId }) => [memberId, []]))
  const topics = [...new Set(subscribers.flatMap((subscriber) => subscriber.topics))].sort()
  for (const topic of topics) {
    const members = subscribers.filter((subscriber) => subscriber.topics.includes(topic))
    const count = partitionsOf(topic)
    const [share, rest] = [Math.floor(count / members.length), count % members.length]
    let partition = 0
    for (const [index, { memberId }] of members.entries()) {
      const end = partition + share + (index < rest ? 1 : 0)
      for (; partition < end; partition += 1) assignment.get(memberId)?.push({ topic, partition })
    }
  }
  return assignment
}
