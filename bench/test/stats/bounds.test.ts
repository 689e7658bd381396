import { expect, test } from 'vitest'
import { littleRate, shortestSeconds } from '../../src/stats/bounds.ts'

test('a hundred slots of 5 ms finish 20,000 records a second', () => {
  expect(littleRate(100, 0.005)).toBeCloseTo(20_000)
})

test('slots bound even work, the hottest key bounds uneven work', () => {
  const work = { records: 10_000, slots: 100, meanSeconds: 0.005 }
  expect(shortestSeconds({ ...work, hottest: 10 })).toBeCloseTo(0.5)
  expect(shortestSeconds({ ...work, hottest: 1_000 })).toBeCloseTo(5)
})
