import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { type RecordSource, sourceOf } from '../../src/model/record-source.ts'
import { DueTimes } from '../../src/schedule/due-times.ts'

const WALL = 1_000_000

const stamped = (...timestamps: number[]): RecordSource =>
  sourceOf(timestamps.map((timestamp, offset) => ({ offset, timestamp }) as ConsumerRecord))

/** By time from 0 on, how many records may be admitted. */
function dueAt(times: DueTimes, ...atMs: number[]): number[] {
  return atMs.map((nowMs) => {
    times.advance(nowMs)
    return times.due
  })
}

test('a record waits from its time stamp on, not from its arrival', () => {
  const times = new DueTimes(100)
  times.add(stamped(WALL - 60, WALL - 10, WALL), 0, WALL)
  expect(dueAt(times, 0, 39, 40, 90, 99, 100)).toEqual([0, 0, 1, 2, 2, 3])
})

test.each<[string, number, number]>([
  ['long ago', 0, 0],
  ['none', -1, 0],
  ['of the future', WALL + 10 ** 12, 100],
  ['of the end of time', 8.64e15, 100],
])('a time stamp %s makes it wait no longer than the delay', (_name, timestamp, expectedMs) => {
  const times = new DueTimes(100)
  times.add(stamped(timestamp), 0, WALL)
  times.advance(0)
  expect(times.nextMs ?? 0).toBe(expectedMs)
})

test('none overtakes the one before it, and what was admitted is forgotten', () => {
  const times = new DueTimes(100)
  times.add(stamped(WALL + 5_000, 0), 0, WALL)
  times.add(stamped(WALL), 50, WALL + 50)
  expect(dueAt(times, 0, 99, 100)).toEqual([0, 0, 3])
  times.take(2)
  expect([times.due, times.nextMs]).toEqual([1, undefined])
  times.clear()
  expect([times.due, times.nextMs]).toEqual([0, undefined])
})
