import { expect, test } from 'vitest'
import { firstKeyOf, isCold, isFirst, keysOf, Pace, recordsOf } from '../../src/paced/load.ts'
import { createRandom } from '../../src/stats/random.ts'

const load = { coldPerSecond: 500, hotPerSecond: 300, seconds: 2 }

test('a pace produces all of the load, however late its ticks are', () => {
  const pace = new Pace(load, createRandom(1))
  const keys = [10, 15, 400, 401, 1_999, 2_500].flatMap((elapsedMs) => pace.dueAt(elapsedMs))
  expect(keys.length).toBe(recordsOf(load, 0))
  expect(keys.filter((key) => key === 0).length).toBe(600)
  expect(keys.filter(isCold).length).toBe(1_000)
})

test('a pace is as far as the time', () => {
  expect(new Pace(load, createRandom(1)).dueAt(1_000).length).toBe(800)
})

test('every partition has a key of its own that is neither hot nor cold', () => {
  expect([0, 5].map(firstKeyOf).every((key) => isFirst(key) && !isCold(key) && key < keysOf(6))).toBe(true)
})
