import { expect, test } from 'vitest'
import { createRandom, shuffle } from '../../src/stats/random.ts'

test('a seed decides the numbers, all of [0, 1)', () => {
  const [a, b, other] = [createRandom(1), createRandom(1), createRandom(2)]
  const values = Array.from({ length: 1_000 }, a)
  expect(Array.from({ length: 1_000 }, b)).toEqual(values)
  expect(Array.from({ length: 1_000 }, other)).not.toEqual(values)
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true)
  expect(values.reduce((sum, value) => sum + value) / 1_000).toBeCloseTo(0.5, 1)
})

test('shuffling keeps the values and loses their order', () => {
  const values = Uint32Array.from({ length: 1_000 }, (_, index) => index)
  const shuffled = values.slice()
  shuffle(shuffled, createRandom(1))
  expect(shuffled).not.toEqual(values)
  expect(shuffled.toSorted()).toEqual(values)
})
