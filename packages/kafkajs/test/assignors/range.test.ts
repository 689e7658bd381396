import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { assignRange } from '../../src/assignors/range.ts'
import { assigned, countsOf, findInvalid, groups, member, show } from './group.ts'

describe('range', () => {
  test.each([
    ['nobody', [], { t: 2 }, {}],
    ['a topic that is not there', [member('a', ['gone'])], {}, { a: '' }],
    ['one member', [member('a', ['t'])], { t: 3 }, { a: 't/0 t/1 t/2' }],
    ['fewer partitions than members', [member('b', ['t']), member('a', ['t'])], { t: 1 }, { a: 't/0', b: '' }],
    [
      'the first ones get more, topic by topic',
      [member('a', ['t', 'u']), member('b', ['t', 'u'])],
      { t: 3, u: 3 },
      { a: 't/0 t/1 u/0 u/1', b: 't/2 u/2' },
    ],
    [
      'only subscribers count',
      [member('a', ['t']), member('b', ['t', 'u']), member('c', ['t'])],
      { t: 3, u: 2 },
      { a: 't/0', b: 't/1 u/0 u/1', c: 't/2' },
    ],
    [
      'a topic named twice counts once',
      [member('a', ['t', 't']), member('b', ['t'])],
      { t: 2 },
      { a: 't/0', b: 't/1' },
    ],
    [
      'names of what every object has',
      [member('__proto__', ['constructor'])],
      { constructor: 1 },
      { ['__proto__']: 'constructor/0' },
    ],
  ])('%s', (_, members, counts, expected) => {
    expect(assigned(assignRange, members, counts)).toEqual(expected)
  })

  it('orders static members first, by the id that outlives a restart', () => {
    const members = [
      member('a', ['t']),
      { ...member('z-new', ['t']), groupInstanceId: 'one' },
      { ...member('b-new', ['t']), groupInstanceId: 'two' },
    ]
    expect(assigned(assignRange, members, { t: 3 })).toEqual({ 'z-new': 't/0', 'b-new': 't/1', a: 't/2' })
  })

  it('gives consecutive ranges that differ by one at most, the longer ones first', () => {
    fc.assert(
      fc.property(groups('any'), ({ members, counts }) => {
        const assignment = assignRange(members, countsOf(counts))
        expect(findInvalid(members, counts, assignment)).toEqual([])
        for (const topic of Object.keys(counts)) {
          const subscribers = members.filter(({ topics }) => topics.includes(topic))
          const ranges = subscribers.map(({ memberId }) =>
            assignment
              .get(memberId)!
              .filter((one) => one.topic === topic)
              .map(({ partition }) => partition),
          )
          expect(ranges.flat()).toEqual(Array.from({ length: subscribers.length && counts[topic]! }, (_, at) => at))
          const lengths = ranges.map(({ length }) => length)
          expect(lengths).toEqual(lengths.toSorted((a, b) => b - a))
          expect(Math.max(0, ...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  it('does not look at the order in which members joined', () => {
    fc.assert(
      fc.property(groups('any'), ({ members, counts }) => {
        expect(show(assignRange(members.toReversed(), countsOf(counts)))).toEqual(
          show(assignRange(members, countsOf(counts))),
        )
      }),
    )
  })
})
