import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { assignSticky } from '../../src/assignors/sticky.ts'
import {
  assigned,
  countKept,
  countsOf,
  findImbalance,
  findInvalid,
  groups,
  member,
  partitionsOf,
  rejoin,
  show,
} from './group.ts'
import { mostKept, settledClaims } from './sticky-model.ts'

describe('sticky', () => {
  test.each([
    ['nobody', [], { t: 2 }, {}],
    ['a topic that is not there', [member('a', ['gone'], { gone: [0] })], {}, { a: '' }],
    ['one member', [member('a', ['t'])], { t: 3 }, { a: 't/0 t/1 t/2' }],
    ['fewer partitions than members', [member('b', ['t']), member('a', ['t'])], { t: 1 }, { a: 't/0', b: '' }],
    [
      'a first assignment spreads every topic',
      [member('a', ['t', 'u']), member('b', ['t', 'u'])],
      { t: 3, u: 3 },
      { a: 't/0 t/2 u/1', b: 't/1 u/0 u/2' },
    ],
    [
      'who comes gets what the others have too much of',
      [member('a', ['t'], { t: [0, 1, 4] }), member('b', ['t'], { t: [2, 3, 5] }), member('c', ['t'])],
      { t: 6 },
      { a: 't/0 t/1', b: 't/2 t/3', c: 't/4 t/5' },
    ],
    [
      'what a member leaves goes to the others, and they keep theirs',
      [member('a', ['t'], { t: [0, 3] }), member('c', ['t'], { t: [2, 5] })],
      { t: 6 },
      { a: 't/0 t/1 t/3', c: 't/2 t/4 t/5' },
    ],
    [
      'the odd one stays where it is',
      [member('a', ['t'], { t: [0] }), member('b', ['t'], { t: [1, 2] })],
      { t: 3 },
      { a: 't/0', b: 't/1 t/2' },
    ],
    [
      'of two that could keep an odd one, the first does',
      [member('a', ['t'], { t: [0, 1] }), member('b', ['t'], { t: [2, 3] }), member('c', ['t'])],
      { t: 4 },
      { a: 't/0 t/1', b: 't/2', c: 't/3' },
    ],
    [
      'more partitions of a topic',
      [member('a', ['t'], { t: [0] }), member('b', ['t'], { t: [1] })],
      { t: 4 },
      { a: 't/0 t/2', b: 't/1 t/3' },
    ],
    [
      'a topic that was deleted',
      [member('a', ['t', 'u'], { t: [0], u: [0] }), member('b', ['t', 'u'], { t: [1], u: [1] })],
      { t: 2 },
      { a: 't/0', b: 't/1' },
    ],
    [
      'a topic with fewer partitions than it had',
      [member('a', ['t'], { t: [0, 7] }), member('b', ['t'], { t: [1, -1] })],
      { t: 2 },
      { a: 't/0', b: 't/1' },
    ],
    [
      'a topic that its owner does not subscribe to any more',
      [member('a', ['u'], { t: [0], u: [0] }), member('b', ['t', 'u'], { t: [1] })],
      { t: 2, u: 1 },
      { a: 'u/0', b: 't/0 t/1' },
    ],
    [
      'topics that only one can take',
      [member('a', ['t', 'u']), member('b', ['u'])],
      { t: 3, u: 3 },
      { a: 't/0 t/1 t/2', b: 'u/0 u/1 u/2' },
    ],
    [
      'different subscriptions: moves only what the balance asks for',
      [member('a', ['t', 'u'], { t: [0, 1], u: [0, 1] }), member('b', ['u'])],
      { t: 2, u: 2 },
      { a: 't/0 t/1', b: 'u/0 u/1' },
    ],
    [
      'names of what every object has',
      [member('__proto__', ['constructor'], { constructor: [0] })],
      { constructor: 1 },
      { ['__proto__']: 'constructor/0' },
    ],
  ])('%s', (_, members, counts, expected) => {
    expect(assigned(assignSticky, members, counts)).toEqual(expected)
  })

  it('takes from every member another topic for the one that is new', () => {
    const topics = ['t0', 't1', 't2', 't3']
    const owned = (partition: number) => Object.fromEntries(topics.map((topic) => [topic, [partition]]))
    const members = ['a', 'b', 'c'].map((id, partition) => member(id, topics, owned(partition)))
    const assignment = assignSticky([...members, member('new', topics)], countsOf({ t0: 3, t1: 3, t2: 3, t3: 3 }))
    expect(new Set(assignment.get('new')?.map(({ topic }) => topic)).size).toBe(3)
  })
})

it('moves what nobody claims before what somebody does, where that is enough for the balance', () => {
  const owned = { alpha: [0, 4], delta: [0, 5, 6] }
  const members = [
    member('a', ['beta', 'delta']),
    member('b', ['alpha', 'beta']),
    member('c', ['alpha', 'delta'], owned),
  ]
  const assignment = assignSticky(members, countsOf({ alpha: 5, beta: 7, delta: 7 }))
  expect(assignment.get('c')).toEqual(expect.arrayContaining(partitionsOf(owned)))
})

describe('conflicting claims', () => {
  test.each([
    [
      'the latest generation wins',
      [member('a', ['t'], { t: [0, 1] }, 4), member('b', ['t'], { t: [0, 1] }, 5)],
      { t: 4 },
      { a: 't/2 t/3', b: 't/0 t/1' },
    ],
    [
      'a claim of an old generation that nobody disputes counts',
      [member('a', ['t'], { t: [3] }, 1), member('b', ['t'], { t: [1] }, 5)],
      { t: 4 },
      { a: 't/0 t/3', b: 't/1 t/2' },
    ],
    [
      'a claim without a generation is the oldest',
      [member('a', ['t'], { t: [0] }, -1), member('b', ['t'], { t: [0] }, 0)],
      { t: 2 },
      { a: 't/1', b: 't/0' },
    ],
    [
      'three generations',
      [
        member('a', ['t'], { t: [0, 1] }, 1),
        member('b', ['t'], { t: [0, 2] }, 2),
        member('c', ['t'], { t: [2, 1] }, 3),
      ],
      { t: 3 },
      { a: 't/2', b: 't/0', c: 't/1' },
    ],
    [
      'in one generation nobody keeps it',
      [member('a', ['t'], { t: [0, 1] }), member('b', ['t'], { t: [1, 2] }), member('c', ['t'], { t: [3] })],
      { t: 4 },
      { a: 't/0 t/1', b: 't/2', c: 't/3' },
    ],
  ])('%s', (_, members, counts, expected) => {
    expect(assigned(assignSticky, members, counts)).toEqual(expected)
  })
})

describe.each(['equal', 'any'] as const)('sticky with %s subscriptions', (subscriptions) => {
  it('is valid and balanced whatever members claim', () => {
    fc.assert(
      fc.property(groups(subscriptions), ({ members, counts }) => {
        const assignment = assignSticky(members, countsOf(counts))
        expect(findInvalid(members, counts, assignment)).toEqual([])
        expect(findImbalance(members, assignment)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('does not look at the order in which members joined', () => {
    fc.assert(
      fc.property(groups(subscriptions), ({ members, counts }) => {
        expect(show(assignSticky(members.toReversed(), countsOf(counts)))).toEqual(
          show(assignSticky(members, countsOf(counts))),
        )
      }),
    )
  })

  it('changes nothing when nothing has changed', () => {
    fc.assert(
      fc.property(groups(subscriptions), ({ members, counts }) => {
        const assignment = assignSticky(members, countsOf(counts))
        expect(show(assignSticky(rejoin(members, assignment, 9), countsOf(counts)))).toEqual(show(assignment))
      }),
    )
  })

  it('never takes a partition of a topic from a member and gives it another one of that topic', () => {
    fc.assert(
      fc.property(groups(subscriptions), fc.nat({ max: 6 }), ({ members, counts }, gone) => {
        const before = assignSticky(members, countsOf(counts))
        const stay = rejoin(members, before, 9).filter((_, index) => index !== gone)
        const after = assignSticky(stay, countsOf(counts))
        for (const { memberId, owned } of stay) {
          const kept = new Set(after.get(memberId)!.map(({ topic, partition }) => `${topic}/${partition}`))
          const had = new Set(owned.map(({ topic, partition }) => `${topic}/${partition}`))
          const lost = new Set(
            owned.filter((one) => !kept.has(`${one.topic}/${one.partition}`)).map(({ topic }) => topic),
          )
          const won = after.get(memberId)!.filter((one) => !had.has(`${one.topic}/${one.partition}`))
          expect(won.filter(({ topic }) => lost.has(topic))).toEqual([])
        }
      }),
    )
  })
})

describe('sticky with equal subscriptions', () => {
  it('keeps as many of the claims that hold as any balanced assignment can', () => {
    fc.assert(
      fc.property(groups('equal'), ({ members, counts }) => {
        const holding = settledClaims(members, counts)
        const assignment = assignSticky(members, countsOf(counts))
        expect(countKept(holding, assignment)).toBe(mostKept(holding, counts))
      }),
      { numRuns: 500 },
    )
  })
})
