import { expect, test } from 'vitest'
import { Restarts } from '../src/restarts.ts'

test('pauses grow from half a second to thirty, and come to an end', () => {
  const restarts = new Restarts(9)
  const pauses = Array.from({ length: 10 }, () => restarts.next(0))
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, undefined])
})

test('a membership of a minute begins the count anew, a shorter one does not', () => {
  const restarts = new Restarts(2)
  restarts.noteJoined(0)
  expect(restarts.next(59_999)).toBe(500)
  restarts.noteJoined(60_000)
  expect(restarts.next(119_999)).toBe(1_000)
  restarts.noteJoined(120_000)
  expect(restarts.next(180_000)).toBe(500)
})

test('none is allowed where none is wanted', () => {
  expect(new Restarts(0).next(0)).toBeUndefined()
})
