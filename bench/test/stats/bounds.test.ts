import { expect, test } from 'vitest'
import { littleRate, shortestSeconds } from '../../src/stats/bounds.ts'

test('a hundred slots of 5 ms finish 20,000 records a second', () => {
  expect(littleRate(100, 0.005)).toBeCloseTo(20_000)
})

test('slots bound even work, the heaviest key bounds uneven work', () => {
  const work = { slots: 100, totalSeconds: 50 }
  expect(shortestSeconds({ ...work, heaviestKeySeconds: 0.1 })).toBe(0.5)
  expect(shortestSeconds({ ...work, heaviestKeySeconds: 5 })).toBe(5)
})
