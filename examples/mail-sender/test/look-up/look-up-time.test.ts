import { expect, it } from 'vitest'
import { longestLookUpMs, parseLookUpTime } from '../../src/look-up/look-up-time.ts'

it.each([
  ['20', 20, 20],
  ['0', 0, 0],
  ['story', 60, 120],
  ['story:100', 600, 1_200],
  ['story:1', 60_000, 120_000],
])('%s takes from %i to %i ms', (text, from, to) => {
  expect(parseLookUpTime(text, () => 0)()).toBe(from)
  expect(parseLookUpTime(text, () => 1)()).toBe(to)
  expect(longestLookUpMs(text)).toBe(to)
})

it.each(['', '-1', '1.5', '1e3', 'story:', 'story:0', 'story:x', 'Story'])('%j is refused', (text) => {
  expect(() => parseLookUpTime(text)).toThrow('no look-up time')
})
