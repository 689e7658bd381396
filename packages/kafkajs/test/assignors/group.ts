import type { TopicPartition } from '@holdfast/core'
import fc from 'fast-check'
import type { Assign, Subscription } from '../../src/assignors/layout.ts'

type Assignment = ReadonlyMap<string, readonly TopicPartition[]>
type Counts = Readonly<Record<string, number>>
/** Partitions by topic: `{ t: [0, 1] }`. */
type Partitions = Readonly<Record<string, readonly number[]>>

export function partitionsOf(given: Partitions): TopicPartition[] {
  return Object.entries(given).flatMap(([topic, list]) => list.map((partition) => ({ topic, partition })))
}

export function member(
  memberId: string,
  topics: readonly string[],
  owned: Partitions = {},
  generationId = 1,
): Subscription {
  return { memberId, topics, owned: partitionsOf(owned), generationId }
}

export function countsOf(counts: Counts): Map<string, number> {
  return new Map(Object.entries(counts))
}

/** An assignment as people write it: `{ a: 't/0 t/1' }`. */
export function show(assignment: Assignment): Record<string, string> {
  return Object.fromEntries([...assignment].map(([memberId, list]) => [memberId, list.map(name).join(' ')]))
}

export function assigned(assign: Assign, members: readonly Subscription[], counts: Counts): Record<string, string> {
  return show(assign(members, countsOf(counts)))
}

export function name({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

/** The members as they join the next round: each owns what it was given. */
export function rejoin(members: readonly Subscription[], assignment: Assignment, generationId: number): Subscription[] {
  return members.map((given) => ({ ...given, owned: assignment.get(given.memberId) ?? [], generationId }))
}

/** What is wrong with an assignment: every partition belongs to one member that subscribes to it. */
export function findInvalid(members: readonly Subscription[], counts: Counts, assignment: Assignment): string[] {
  const faults: string[] = []
  const owners = new Map<string, string>()
  for (const { memberId, topics } of members) {
    for (const partition of assignment.get(memberId) ?? [`no entry of ${memberId}`]) {
      if (typeof partition === 'string') faults.push(partition)
      else if (owners.has(name(partition))) faults.push(`${name(partition)} is given twice`)
      else if (!topics.includes(partition.topic)) faults.push(`${memberId} does not subscribe to ${name(partition)}`)
      else owners.set(name(partition), memberId)
    }
  }
  if (assignment.size !== members.length) faults.push('there are entries of others')
  const wanted = Object.entries(counts).filter(([topic]) => members.some(({ topics }) => topics.includes(topic)))
  const all = wanted.flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => name({ topic, partition })),
  )
  return [...faults, ...all.filter((one) => !owners.has(one)).map((one) => `${one} is given to nobody`)]
}

/** Pairs of which one could take a partition from the other and have no more than it then. */
export function findImbalance(members: readonly Subscription[], assignment: Assignment): string[] {
  const held = members.map(({ memberId }) => assignment.get(memberId) ?? [])
  const topicsHeld = held.map((list) => new Set(list.map(({ topic }) => topic)))
  return members.flatMap((richer, i) =>
    members
      .filter((poorer, j) => held[i]!.length - held[j]!.length >= 2 && poorer.topics.some((t) => topicsHeld[i]!.has(t)))
      .map((poorer) => `${richer.memberId} has two more than ${poorer.memberId}, which could take one`),
  )
}

/** How many partitions stay with the member whose claim to them holds. */
export function countKept(members: readonly Subscription[], assignment: Assignment): number {
  return members
    .map(({ memberId, owned }) => {
      const now = new Set((assignment.get(memberId) ?? []).map(name))
      return owned.filter((one) => now.has(name(one))).length
    })
    .reduce((sum, kept) => sum + kept, 0)
}

const TOPICS = ['alpha', 'beta', 'delta', 'gamma']

export interface Group {
  readonly members: readonly Subscription[]
  readonly counts: Counts
}

const counts = fc.record(Object.fromEntries(TOPICS.map((topic) => [topic, fc.nat({ max: 7 })])))
/** Also topics and partitions that are not there. */
const anyPartition = fc.record({
  topic: fc.constantFrom(...TOPICS, 'gone'),
  partition: fc.integer({ min: -1, max: 8 }),
})
const claims = fc.record({
  owned: fc.array(anyPartition, { maxLength: 14 }),
  generationId: fc.integer({ min: -1, max: 3 }),
})

/** Groups whose members claim anything at all. */
export function groups(subscriptions: 'equal' | 'any'): fc.Arbitrary<Group> {
  const everything = fc.constant(TOPICS)
  const some = fc.subarray([...TOPICS, 'gone'])
  return fc.record({
    counts,
    members: fc
      .array(fc.record({ topics: subscriptions === 'equal' ? everything : some, claim: claims }), {
        minLength: 1,
        maxLength: 7,
      })
      .map((list) => list.map(({ topics, claim }, index) => ({ memberId: `m${index}`, topics, ...claim }))),
  })
}
