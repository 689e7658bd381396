import { expect, test } from 'vitest'
import { HandlerTime } from '../../src/policy/handler-time.ts'
import { Random } from '../support/random.ts'

const after = (durations: readonly number[]): HandlerTime => {
  const time = new HandlerTime()
  for (const ms of durations) time.note(ms, 1)
  return time
}
const repeated = (ms: number, times: number): number[] => Array.from({ length: times }, () => ms)

test('nothing is known before the first attempt has ended', () => {
  const time = new HandlerTime()
  expect([time.records, time.meanMs, time.quantileMs(0.95)]).toEqual([0, undefined, undefined])
})

test('the mean begins as that of all, and follows a change within some tens of attempts', () => {
  expect(after([10, 20, 30]).meanMs).toBeCloseTo(20)
  const changed = after([...repeated(5, 10_000), ...repeated(60_000, 100)])
  expect(changed.meanMs).toBeGreaterThan(55_000)
  for (let index = 0; index < 200; index += 1) changed.note(5, 1)
  expect(changed.meanMs).toBeLessThan(200)
})

test('a batch counts for the records it had', () => {
  const time = new HandlerTime()
  time.note(500, 100)
  expect([time.records, time.meanMs]).toEqual([100, 5])
})

test('quantiles are those of the last hundreds, within their precision, over nine powers of ten', () => {
  const random = new Random(7)
  for (const scale of [0.05, 1, 1_000, 1e6]) {
    const durations = Array.from({ length: 500 }, () => scale * (1 + random.next()))
    const sorted = durations.toSorted((a, b) => a - b)
    const time = after(durations)
    for (const share of [0.5, 0.95]) {
      const exact = sorted[Math.ceil(500 * share) - 1] as number
      expect((time.quantileMs(share) ?? 0) / exact).toBeCloseTo(1, 0)
      expect(Math.abs((time.quantileMs(share) ?? 0) / exact - 1)).toBeLessThan(0.06)
    }
  }
  const changed = after([...repeated(5, 100_000), ...repeated(60_000, 600)])
  expect(changed.quantileMs(0.5)).toBeGreaterThan(50_000)
})

test('durations of nothing, and beyond all bounds, are counted in the outermost buckets', () => {
  expect(after([0]).quantileMs(0.95)).toBeLessThan(0.02)
  expect(after([1e12]).quantileMs(0.95)).toBeGreaterThan(1e8)
})
