import { describe, expect, test } from 'vitest'
import type { Line } from '../../src/verifiable/lines.ts'
import { Checker } from './support/checker.ts'
import { coverageOf } from './support/coverage.ts'

const place = { topic: 't', partition: 0 }
const range = (minOffset: number, maxOffset: number, partition = 0) => ({
  topic: 't',
  partition,
  count: maxOffset - minOffset + 1,
  minOffset,
  maxOffset,
})
const started: Line = { name: 'startup_complete' }
const assigned: Line = { name: 'partitions_assigned', partitions: [place] }
const revoked: Line = { name: 'partitions_revoked', partitions: [place] }
const ended: Line = { name: 'shutdown_complete' }
const consumed = (minOffset: number, maxOffset: number, partition = 0): Line => ({
  name: 'records_consumed',
  count: maxOffset - minOffset + 1,
  partitions: [range(minOffset, maxOffset, partition)],
})
const committed = (offset: number, success = true): Line => ({
  name: 'offsets_committed',
  offsets: [{ ...place, offset }],
  success,
})

function check(lines: readonly Line[]): Checker {
  const checker = new Checker()
  for (const line of lines) checker.take(line)
  return checker
}

describe('the checker of one member', () => {
  test('lets a good run pass', () => {
    const checker = check([
      ...[started, assigned, consumed(3, 5), committed(6), committed(9, false), consumed(6, 6), committed(7), revoked],
      ...[assigned, consumed(7, 8), committed(8), revoked, ended],
    ])
    expect(checker).toMatchObject({ state: 'dead', total: 6, revocations: 2, failures: ['without a reason'] })
    expect(checker.committed.get('t/0')).toBe(8)
  })

  test.each([
    ['records before the join', [started, consumed(0, 1)], 'consumed while started'],
    ['records after a revocation', [started, assigned, revoked, consumed(0, 1)], 'consumed t/0, which is not assigned'],
    ['records of another partition', [started, assigned, consumed(0, 1, 1)], 'consumed t/1, which is not assigned'],
    ['a gap', [started, assigned, consumed(0, 1), consumed(3, 4)], 'consumed from 3 at position 2'],
    ['a repeat', [started, assigned, consumed(0, 1), consumed(1, 2)], 'consumed from 1 at position 2'],
    ['a commit past the position', [started, assigned, consumed(0, 1), committed(3)], 'committed 3 at position 2'],
    ['a commit of nothing consumed', [started, assigned, committed(0)], 'committed 0 at position -1'],
    [
      'a commit after a revocation',
      [started, assigned, consumed(0, 1), revoked, committed(2)],
      'which is not assigned',
    ],
    ['an assignment without a revocation', [started, assigned, assigned], 'assigned again'],
    ['a second revocation', [started, assigned, revoked, revoked], 'revoked t/0, which is not assigned'],
    ['an end that keeps partitions', [started, assigned, ended], 'shut down with t/0'],
    ['a second start', [started, started], 'started twice'],
  ])('finds %s', (_, lines, message) => {
    expect(() => check(lines)).toThrow(message)
  })
})

test('the coverage of a group names what is missing and what is repeated', () => {
  const { ends, missing, repeated } = coverageOf([range(4, 6), range(0, 2), range(6, 7), range(0, 0, 1)])
  expect([...ends]).toEqual([
    ['t/0', 8],
    ['t/1', 1],
  ])
  expect({ missing, repeated }).toEqual({ missing: ['t/0@3'], repeated: ['t/0@6'] })
})
