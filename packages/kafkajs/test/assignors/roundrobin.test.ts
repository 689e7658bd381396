import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { Assign } from '../../src/assignors/layout.ts'
import { assignRoundRobin } from '../../src/assignors/roundrobin.ts'
import { assigned, countsOf, findInvalid, groups, member, show } from './group.ts'

/** Word by word what Java's documentation says, whatever it costs. */
const dealInCircle: Assign = (given, counts) => {
  const members = given.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))
  const assignment = new Map(members.map(({ memberId }) => [memberId, [] as { topic: string; partition: number }[]]))
  let turn = 0
  for (const topic of [...counts.keys()].sort()) {
    if (!members.some(({ topics }) => topics.includes(topic))) continue
    for (let partition = 0; partition < counts.get(topic)!; partition += 1) {
      while (!members[turn % members.length]!.topics.includes(topic)) turn += 1
      assignment.get(members[turn % members.length]!.memberId)!.push({ topic, partition })
      turn += 1
    }
  }
  return assignment
}

describe('roundrobin', () => {
  test.each([
    ['nobody', [], { t: 2 }, {}],
    ['a topic that is not there', [member('a', ['gone'])], {}, { a: '' }],
    ['fewer partitions than members', [member('b', ['t']), member('a', ['t'])], { t: 1 }, { a: 't/0', b: '' }],
    [
      'goes on where the last topic ended',
      [member('a', ['t', 'u']), member('b', ['t', 'u'])],
      { t: 3, u: 3 },
      { a: 't/0 t/2 u/1', b: 't/1 u/0 u/2' },
    ],
    [
      'passes over who does not subscribe',
      [member('a', ['t0']), member('b', ['t0', 't1']), member('c', ['t0', 't1', 't2'])],
      { t0: 1, t1: 2, t2: 3 },
      { a: 't0/0', b: 't1/0', c: 't1/1 t2/0 t2/1 t2/2' },
    ],
  ])('%s', (_, members, counts, expected) => {
    expect(assigned(assignRoundRobin, members, counts)).toEqual(expected)
  })

  it('deals as a circle of members does', () => {
    fc.assert(
      fc.property(groups('any'), ({ members, counts }) => {
        const assignment = assignRoundRobin(members, countsOf(counts))
        expect(findInvalid(members, counts, assignment)).toEqual([])
        expect(show(assignment)).toEqual(show(dealInCircle(members, countsOf(counts))))
        expect(show(assignRoundRobin(members.toReversed(), countsOf(counts)))).toEqual(show(assignment))
      }),
    )
  })
})
