import { describe, expect, test } from 'vitest'
import { ASSIGNORS } from '../../src/assignors/assignors.ts'
import type { Subscription } from '../../src/assignors/layout.ts'
import { rejoin } from './group.ts'

const TOPICS = 1_000
const PARTITIONS = 2_000
const MEMBERS = 1_000
const isNightly = process.env.NIGHTLY !== undefined
const topics = Array.from({ length: TOPICS }, (_, index) => `topic-${index}`)
const counts = new Map(topics.map((topic) => [topic, PARTITIONS]))
const numbers = new Map(topics.map((topic, index) => [topic, index]))

type Assignment = ReturnType<(typeof ASSIGNORS)['range']['assign']>

function group(topicsOf: (member: number) => readonly string[]): Subscription[] {
  return Array.from({ length: MEMBERS }, (_, index) => ({
    memberId: `member-${index}`,
    topics: topicsOf(index),
    owned: [],
    generationId: -1,
  }))
}

/** Who owns which partition, by its number; fails where two own one or nobody does. */
function ownersOf(members: readonly Subscription[], assignment: Assignment): Int32Array {
  const owners = new Int32Array(TOPICS * PARTITIONS).fill(-1)
  let given = 0
  for (const [index, { memberId, topics: subscribed }] of members.entries()) {
    const may = new Set(subscribed)
    for (const { topic, partition } of assignment.get(memberId)!) {
      if (!may.has(topic)) throw new Error(`${memberId} does not subscribe to ${topic}`)
      owners[numbers.get(topic)! * PARTITIONS + partition] = index
      given += 1
    }
  }
  expect(given).toBe(TOPICS * PARTITIONS)
  expect(owners.includes(-1)).toBe(false)
  return owners
}

function loadsOf(members: readonly Subscription[], assignment: Assignment): number[] {
  return members.map(({ memberId }) => assignment.get(memberId)!.length)
}

function spread(loads: readonly number[]): number {
  return Math.max(...loads) - Math.min(...loads)
}

function countSame(a: Int32Array, b: Int32Array): number {
  return a.reduce((same, owner, id) => same + (owner === b[id] ? 1 : 0), 0)
}

describe('1,000 topics with 2,000 partitions each and 1,000 members', () => {
  test.each(isNightly ? (['range', 'roundrobin'] as const) : (['range'] as const))('%s', (name) => {
    const members = group(() => topics)
    const assignment = ASSIGNORS[name].assign(members, counts)
    ownersOf(members, assignment)
    expect(spread(loadsOf(members, assignment))).toBe(0)
  })

  test.each(isNightly ? (['sticky', 'cooperative-sticky'] as const) : (['cooperative-sticky'] as const))(
    '%s, and again when a member has gone and when one comes',
    (name) => {
      const { assign } = ASSIGNORS[name]
      const members = group(() => topics)
      const first = assign(members, counts)
      expect(spread(loadsOf(members, first))).toBe(0)

      const others = rejoin(members, first, 1).slice(0, -1)
      const second = assign(others, counts)
      expect(spread(loadsOf(others, second))).toBe(1)
      // Only the 2,000 partitions of the member that has gone have moved.
      expect(countSame(ownersOf(members, first), ownersOf(others, second))).toBe(TOPICS * PARTITIONS - 2_000)

      const more = [...rejoin(others, second, 2), ...group(() => topics).slice(-1)]
      const third = assign(more, counts)
      const kept = loadsOf(others, third).reduce((sum, load) => sum + load, 0)
      expect(kept).toBe(TOPICS * PARTITIONS - 2_000)
      expect(third.get('member-999')).toHaveLength(name === 'sticky' ? 2_000 : 0)
    },
  )

  test('sticky with different subscriptions', () => {
    const { assign } = ASSIGNORS.sticky
    // Half of the members know all topics, half only the first half.
    const members = group((index) => (index % 2 === 0 ? topics : topics.slice(0, TOPICS / 2)))
    const first = assign(members, counts)
    const owners = ownersOf(members, first)
    expect(spread(loadsOf(members, first))).toBeLessThanOrEqual(1)
    const second = assign(rejoin(members, first, 1), counts)
    expect(countSame(owners, ownersOf(members, second))).toBe(TOPICS * PARTITIONS)
  })
})
