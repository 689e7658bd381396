import { describe, expect, test } from 'vitest'
import { DeliveryChecker, type Promised } from '../../src/check/delivery-checker.ts'
import { writeKey } from '../../src/check/key-number.ts'

const key = (number: number): Buffer => Buffer.from(writeKey(number))

type Step = readonly [what: 'start' | 'end', partition: number, offset: number, keyNumber: number]

function verdictOf(promised: Promised, records: number, steps: readonly Step[]): string | undefined {
  const checker = new DeliveryChecker(promised, { partitions: 2, records, keys: 10 })
  for (const [what, partition, offset, number] of steps) {
    if (what === 'start') checker.started(partition, offset, key(number))
    else checker.ended(partition, key(number))
  }
  return checker.verdict()
}

const run = (partition: number, offset: number, number: number): Step[] => [
  ['start', partition, offset, number],
  ['end', partition, offset, number],
]

describe('DeliveryChecker', () => {
  test('is content where keys run in order, side by side', () => {
    const steps: Step[] = [
      ['start', 0, 0, 1],
      ['start', 0, 1, 2],
      ['end', 0, 1, 2],
      ['start', 0, 2, 2],
      ['end', 0, 0, 1],
      ['end', 0, 2, 2],
      ...run(1, 0, 3),
    ]
    expect(verdictOf('key', 4, steps)).toBeUndefined()
  })

  test('detects a reordering of a key', () => {
    expect(verdictOf('key', 2, [...run(0, 1, 4), ...run(0, 0, 4)])).toBe(
      '1 violations, first: reordering at partition 0 offset 0, key 4 was at 1',
    )
  })

  test('detects a reordering of a partition, whatever the keys', () => {
    expect(verdictOf('partition', 2, [...run(1, 1, 1), ...run(1, 0, 2)])).toContain(
      'reordering at partition 1 offset 0',
    )
  })

  test('detects a record that started twice', () => {
    expect(verdictOf('key', 1, [...run(0, 0, 1), ...run(0, 0, 1)])).toContain('reordering at partition 0 offset 0')
  })

  test('detects an overlap within a key', () => {
    const steps: Step[] = [
      ['start', 0, 0, 5],
      ['start', 0, 1, 5],
      ['end', 0, 0, 5],
      ['end', 0, 1, 5],
    ]
    expect(verdictOf('key', 2, steps)).toBe('1 violations, first: overlap at partition 0 offset 1, key 5 was at 0')
  })

  test('detects a key that the topic does not have', () => {
    expect(verdictOf('key', 1, run(0, 0, 10))).toContain('an unknown key at partition 0 offset 0')
  })

  test.each(['key', 'partition', 'nothing'] as const)('detects a skip where %s is promised', (promised) => {
    expect(verdictOf(promised, 3, [...run(0, 0, 1), ...run(0, 2, 1)])).toBe('1 of 3 records never started')
  })

  test('a record that is seen twice does not make up for one that is not', () => {
    expect(verdictOf('nothing', 2, [...run(0, 0, 1), ...run(0, 0, 1)])).toBe('1 of 2 records never started')
  })

  test('lets an arm that promises no order reorder and overlap', () => {
    const steps: Step[] = [
      ['start', 0, 1, 1],
      ['start', 0, 0, 1],
      ['end', 0, 0, 1],
      ['end', 0, 1, 1],
    ]
    expect(verdictOf('nothing', 2, steps)).toBeUndefined()
  })

  test('tells apart records of a word and of its neighbours', () => {
    const steps = Array.from({ length: 100 }, (_, offset) => run(offset % 2, offset >> 1, offset % 2)).flat()
    expect(verdictOf('key', 100, steps)).toBeUndefined()
    expect(verdictOf('key', 100, steps.slice(0, -2))).toBe('1 of 100 records never started')
  })
})
