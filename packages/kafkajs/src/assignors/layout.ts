import type { TopicPartition } from '@holdfast/core'

/** A member as an assignor sees it. */
export interface Subscription {
  readonly memberId: string
  /** `group.instance.id` of a static member. */
  readonly groupInstanceId?: string
  readonly topics: readonly string[]
  /** What it says it owned in generation `generationId`; −1 for none. */
  readonly owned: readonly TopicPartition[]
  readonly generationId: number
}

/**
 * Deals partitions to members: every member has an entry, every partition of a topic that somebody subscribes to is
 * dealt at most once. The order of the members does not matter. Topics without a count have no partitions.
 */
export type Assign = (
  members: readonly Subscription[],
  partitionCounts: ReadonlyMap<string, number>,
) => Map<string, TopicPartition[]>

export interface TopicLayout {
  readonly name: string
  /** The number of its partition 0; the others follow. */
  readonly first: number
  readonly count: number
  /** Indexes of members, ascending. */
  readonly subscribers: readonly number[]
}

/**
 * Members and topics in their order, with all partitions numbered through topic by topic: who owns what is then one
 * array of member indexes, which makes millions of partitions cheap.
 */
export interface Layout {
  readonly members: readonly Subscription[]
  readonly topics: readonly TopicLayout[]
  readonly total: number
}

/** In an array of owners: the partition has none. */
export const FREE = -1

export function layOut(given: readonly Subscription[], partitionCounts: ReadonlyMap<string, number>): Layout {
  const members = given.toSorted(compareMembers)
  const subscribers = new Map<string, number[]>()
  for (const [member, { topics }] of members.entries()) {
    for (const topic of topics) {
      const list = subscribers.get(topic)
      if (list === undefined) subscribers.set(topic, [member])
      // A topic that is named twice counts once.
      else if (list.at(-1) !== member) list.push(member)
    }
  }
  const topics: TopicLayout[] = []
  let first = 0
  for (const name of [...subscribers.keys()].sort()) {
    const count = partitionCounts.get(name) ?? 0
    if (count > 0) topics.push({ name, first, count, subscribers: subscribers.get(name) ?? [] })
    first += count
  }
  return { members, topics, total: first }
}

/** Whether everybody who subscribes to any topic subscribes to all. */
export function hasEqualSubscriptions({ topics }: Layout): boolean {
  const [head] = topics
  return topics.every(
    ({ subscribers }) =>
      subscribers.length === head?.subscribers.length &&
      subscribers.every((member, index) => member === head.subscribers[index]),
  )
}

/** The assignment that an array of owners stands for. */
export function listByMember({ members, topics }: Layout, owners: Int32Array): Map<string, TopicPartition[]> {
  const lists = members.map((): TopicPartition[] => [])
  for (const { name: topic, first, count } of topics) {
    for (let partition = 0; partition < count; partition += 1)
      lists[owners[first + partition] as number]?.push({ topic, partition })
  }
  return new Map(members.map(({ memberId }, index) => [memberId, lists[index] ?? []]))
}

/** Java's order: static members first, by the id that outlives a restart. */
function compareMembers(a: Subscription, b: Subscription): number {
  if (a.groupInstanceId !== undefined && b.groupInstanceId !== undefined)
    return compareTexts(a.groupInstanceId, b.groupInstanceId) || compareTexts(a.memberId, b.memberId)
  if (a.groupInstanceId !== undefined) return -1
  if (b.groupInstanceId !== undefined) return 1
  return compareTexts(a.memberId, b.memberId)
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
