import { expect, test } from 'vitest'
import { attemptRungs, decideHold, type PollAge, pollRungs } from '../../src/policy/deadline.ts'

const LIMITS = { handlerTimeoutMs: 100_000, maxPollIntervalMs: 100_000 }
const age = (used: number, foreseen = used, isOfAttempt = false): PollAge => ({ used, foreseen, isOfAttempt })

test.each([
  [49_999, []],
  [50_000, ['warn']],
  [79_999, ['warn']],
  [80_000, ['warn', 'pause']],
  [100_000, ['warn', 'pause', 'abort']],
  [110_000, ['warn', 'pause', 'abort', 'ignored']],
])('an attempt of %i ms of 100 s has reached %j', (ageMs, rungs) => {
  expect(attemptRungs(ageMs, LIMITS)).toEqual(rungs)
})

test('a shorter handlerTimeoutMs has its own warning and abort; the pause is that of the interval', () => {
  const limits = { handlerTimeoutMs: 10_000, maxPollIntervalMs: 100_000 }
  expect(attemptRungs(5_000, limits)).toEqual(['warn'])
  expect(attemptRungs(10_000, limits)).toEqual(['warn', 'abort'])
  expect(attemptRungs(80_000, limits)).toEqual(['warn', 'pause', 'abort', 'ignored'])
})

test.each<[string, PollAge, string[]]>([
  ['young', age(0.4), []],
  ['half', age(0.5), ['warn']],
  ['old', age(0.8), ['warn', 'pause']],
  ['over', age(1), ['warn', 'pause', 'overrun']],
  ['young, but what waits would not be done in time', age(0.2, 1), ['pause']],
  ['old by one attempt, which tells it itself', age(1, 1, true), []],
  ['young by one attempt, with too much behind it', age(0.2, 1, true), ['pause']],
])('a poll batch that is %s', (_name, given, rungs) => {
  expect(pollRungs(given)).toEqual(rungs)
})

test('a pause begins at 80 % or before what is foreseen, and ends well below that', () => {
  expect(decideHold(age(0.79), false)).toBe(false)
  expect(decideHold(age(0.8), false)).toBe(true)
  expect(decideHold(age(0.1, 1), false)).toBe(true)
  expect(decideHold(age(0.5), true)).toBe(true)
  expect(decideHold(age(0.1, 0.8), true)).toBe(true)
  expect(decideHold(age(0.49, 0.79), true)).toBe(false)
})
