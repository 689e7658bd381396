import { expect, test } from 'vitest'
import { type PickKey, roundRobin, uniform, zipf } from '../../src/stats/keys.ts'
import { createRandom } from '../../src/stats/random.ts'

const DRAWS = 100_000

function countsOf(keys: number, pick: PickKey): Uint32Array {
  const counts = new Uint32Array(keys)
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const key = pick()
    counts[key] = (counts[key] as number) + 1
  }
  return counts
}

test('keys take turns', () => {
  const pick = roundRobin(3)
  expect([pick(), pick(), pick(), pick()]).toEqual([0, 1, 2, 0])
})

test('uniform keys are drawn alike', () => {
  const counts = countsOf(10, uniform(10, createRandom(1)))
  expect(counts.every((count) => Math.abs(count - DRAWS / 10) < DRAWS / 100)).toBe(true)
})

test.each([10, 1_000])('of %i keys after Zipf, key k is drawn in proportion to 1 / (k + 1)', (keys) => {
  const counts = countsOf(keys, zipf(keys, createRandom(1)))
  let sum = 0
  for (let rank = 1; rank <= keys; rank += 1) sum += 1 / rank
  for (const key of [0, 1, 2, 9]) {
    const expected = DRAWS / sum / (key + 1)
    expect(Math.abs((counts[key] as number) - expected)).toBeLessThan(5 * Math.sqrt(expected))
  }
  expect(counts.reduce((total, count) => total + count)).toBe(DRAWS)
})
