import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs } from '../../src/policy/backoff.ts'

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('it lies within a bound that doubles up to its maximum, for any attempt', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 1e6 }),
      random,
      (attempt, retryBackoffMs, retryBackoffMaxMs, random) => {
        const pause = backoffMs(attempt, { retryBackoffMs, retryBackoffMaxMs }, random)
        expect(Number.isInteger(pause)).toBe(true)
        expect(pause).toBeGreaterThanOrEqual(0)
        expect(pause).toBeLessThanOrEqual(retryBackoffMaxMs)
        if (attempt < 30) expect(pause).toBeLessThanOrEqual(retryBackoffMs * 2 ** (attempt - 1))
      },
    ),
    { numRuns: 1_000 },
  )
})

test('it grows with each attempt and keeps its jitter', () => {
  const policy = { retryBackoffMs: 200, retryBackoffMaxMs: 30_000 }
  expect([1, 2, 3, 4, 9, 50].map((attempt) => backoffMs(attempt, policy, 0.5))).toEqual([
    100, 200, 400, 800, 15_000, 15_000,
  ])
  expect([0, 0.25, 0.999].map((random) => backoffMs(3, policy, random))).toEqual([0, 200, 800])
})
