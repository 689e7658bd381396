import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { assignCooperativeSticky } from '../../src/assignors/cooperative-sticky.ts'
import type { Subscription } from '../../src/assignors/layout.ts'
import { assignSticky } from '../../src/assignors/sticky.ts'
import {
  assigned,
  countsOf,
  findImbalance,
  findInvalid,
  type Group,
  groups,
  member,
  name,
  rejoin,
  show,
} from './group.ts'

/** Java's own test allows as many. */
const MOST_ROUNDS = 4

describe('cooperative-sticky', () => {
  test.each([
    [
      'a first assignment',
      [member('a', ['t'], {}, -1), member('b', ['t'], {}, -1)],
      { t: 3 },
      { a: 't/0 t/2', b: 't/1' },
    ],
    [
      'what moves is withheld for this round',
      [member('a', ['t'], { t: [0, 1, 2, 3] }), member('b', ['t'])],
      { t: 4 },
      { a: 't/0 t/1', b: '' },
    ],
    [
      'what nobody has any more is given at once',
      [member('a', ['t'], { t: [0, 1] }), member('b', ['t'])],
      { t: 4 },
      { a: 't/0 t/1', b: 't/2 t/3' },
    ],
    [
      'what two have is withheld from both',
      [member('a', ['t'], { t: [0, 1] }), member('b', ['t'], { t: [1, 2] })],
      { t: 3 },
      { a: 't/0', b: 't/2' },
    ],
    [
      'the later of two owners keeps it',
      [member('a', ['t'], { t: [0] }, 4), member('b', ['t'], { t: [0] }, 5)],
      { t: 2 },
      { a: 't/1', b: 't/0' },
    ],
    [
      'an owner that does not subscribe any more gives up first',
      [member('a', ['u'], { t: [0] }), member('b', ['t', 'u'])],
      { t: 1, u: 1 },
      { a: 'u/0', b: '' },
    ],
  ])('%s', (_, members, counts, expected) => {
    expect(assigned(assignCooperativeSticky, members, counts)).toEqual(expected)
  })
})

describe.each(['equal', 'any'] as const)('cooperative-sticky with %s subscriptions', (subscriptions) => {
  it('gives what sticky gives, except what somebody else has', () => {
    fc.assert(
      fc.property(groups(subscriptions), ({ members, counts }) => {
        const full = assignSticky(members, countsOf(counts))
        for (const [memberId, given] of assignCooperativeSticky(members, countsOf(counts))) {
          const names = given.map(name)
          for (const one of full.get(memberId)!.map(name))
            if (!names.includes(one)) expect(membersThatHave(members, one, memberId)).not.toEqual([])
          expect(full.get(memberId)!.map(name)).toEqual(expect.arrayContaining(names))
        }
      }),
    )
  })

  it('never adds a partition that another member has', () => {
    fc.assert(
      fc.property(groups(subscriptions), ({ members, counts }) => {
        const assignment = assignCooperativeSticky(members, countsOf(counts))
        for (const { memberId, owned } of members) {
          const had = new Set(owned.map(name))
          for (const one of assignment.get(memberId)!.map(name))
            if (!had.has(one)) expect(membersThatHave(members, one, memberId)).toEqual([])
        }
      }),
    )
  })

  it('is valid, balanced and at rest after some rounds, whatever members claimed first', () => {
    fc.assert(
      fc.property(groups(subscriptions), (group) => {
        const members = settle(group)
        const assignment = assignCooperativeSticky(members, countsOf(group.counts))
        expect(findInvalid(members, group.counts, assignment)).toEqual([])
        expect(findImbalance(members, assignment)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })
})

function membersThatHave(members: readonly Subscription[], partition: string, except: string): string[] {
  const others = members.filter(({ memberId }) => memberId !== except)
  return others.filter(({ owned }) => owned.map(name).includes(partition)).map(({ memberId }) => memberId)
}

/** Round after round until one changes nothing. */
function settle({ members, counts }: Group): readonly Subscription[] {
  let current = members
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const assignment = assignCooperativeSticky(current, countsOf(counts))
    const next = rejoin(current, assignment, 10 + round)
    const before = new Map(current.map(({ memberId, owned }) => [memberId, owned]))
    if (JSON.stringify(show(assignment)) === JSON.stringify(show(before))) return next
    current = next
  }
  throw new Error(`not at rest after ${MOST_ROUNDS} rounds`)
}
