import { expect, test } from 'vitest'
import { AttemptsAhead } from '../../src/policy/attempts-ahead.ts'

function after(attempts: number, waitedMs: number, handledMs: number, ahead = new AttemptsAhead()): AttemptsAhead {
  for (let attempt = 0; attempt < attempts; attempt += 1) ahead.note(waitedMs, handledMs)
  return ahead
}

test('nothing is ahead before an attempt has ended, nor where attempts do not wait', () => {
  expect(new AttemptsAhead().beside(100)).toBe(0)
  expect(after(10, 0, 5).beside(100)).toBe(0)
})

test('as many are ahead as wait while all slots have handlers, and as many again for bursts', () => {
  expect(after(10, 2, 10).beside(100)).toBe(40)
  expect(after(10, 10, 10).beside(3)).toBe(6)
})

test('handlers of a minute have none ahead of a store of some milliseconds', () => {
  expect(after(10, 3, 60_000).beside(100)).toBe(0)
})

test('what is never handled has five for each slot, and no more', () => {
  expect(after(10, 2, 0).beside(100)).toBe(500)
  expect(after(10, 1_000, 1).beside(7)).toBe(35)
})

test('handlers that become slow count at once, and those that become fast within some hundred attempts', () => {
  const ahead = after(1_000, 5, 5)
  expect(after(1, 5, 60_000, ahead).beside(100)).toBeLessThan(10)
  expect(after(2_000, 5, 5, ahead).beside(100)).toBeGreaterThan(150)
})
