import { expect, test } from 'vitest'
import { isWindowOver } from '../../src/policy/concurrency-window.ts'

test.each([
  ['two rounds of all slots', { elapsedMs: 1_000, slots: 50, attempts: 100, attemptMs: 50_000 }, true],
  ['one round of all slots', { elapsedMs: 1_000, slots: 50, attempts: 50, attemptMs: 50_000 }, false],
  ['many rounds in less than a second', { elapsedMs: 999, slots: 50, attempts: 5_000, attemptMs: 50_000 }, false],
  ['few attempts, however long', { elapsedMs: 1e9, slots: 1, attempts: 9, attemptMs: 1e8 }, false],
  ['many idle slots for four handler times', { elapsedMs: 4_000, slots: 256, attempts: 10, attemptMs: 10_000 }, true],
  ['many idle slots for less', { elapsedMs: 3_999, slots: 256, attempts: 10, attemptMs: 10_000 }, false],
  ['no attempt', { elapsedMs: 1e9, slots: 1, attempts: 0, attemptMs: 0 }, false],
])('a window with %s', (_name, window, isOver) => {
  expect(isWindowOver(window)).toBe(isOver)
})
