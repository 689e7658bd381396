import type { TopicPartition } from '@holdfast/core'

export interface GroupMember {
  readonly memberId: string
  readonly topics: readonly string[]
}

/**
 * Java's `range`: per topic, the members that subscribe to it in order of their ids get consecutive ranges; the first
 * ones get one more where the count does not divide.
 */
export function assignRange(
  members: readonly GroupMember[],
  partitionCount: (topic: string) => number,
): Map<string, TopicPartition[]> {
  const sorted = members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))
  const assignment = new Map<string, TopicPartition[]>(sorted.map(({ memberId }) => [memberId, []]))
  for (const topic of new Set(sorted.flatMap(({ topics }) => topics))) {
    const subscribers = sorted.filter(({ topics }) => topics.includes(topic))
    let next = 0
    for (const [index, { memberId }] of subscribers.entries()) {
      const share = Math.floor(partitionCount(topic) / subscribers.length)
      const end = next + share + (index < partitionCount(topic) % subscribers.length ? 1 : 0)
      for (; next < end; next += 1) assignment.get(memberId)?.push({ topic, partition: next })
    }
  }
  return assignment
}
