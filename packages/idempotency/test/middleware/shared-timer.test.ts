import type { Clock } from '@holdfast/core'
import { expect, test } from 'vitest'
import { SharedTimer, type Ticking } from '../../src/middleware/shared-timer.ts'

const DELAY_MS = 10

/** A clock of whole milliseconds, and how many timers it has. */
function scene() {
  let nowMs = 0
  const set = new Map<object, readonly [atMs: number, callback: () => void]>()
  const clock: Clock = {
    now: () => nowMs,
    wallNow: () => nowMs,
    setTimer(callback, delayMs) {
      const timer = { clear: () => void set.delete(timer) }
      set.set(timer, [nowMs + delayMs, callback])
      return timer
    },
  }
  const to = (ms: number): void => {
    for (; nowMs < ms; nowMs += 1) run()
    run()
  }
  const run = (): void => {
    for (const [timer, [atMs, callback]] of set) {
      if (atMs > nowMs) continue
      set.delete(timer)
      callback()
    }
  }
  const ticks: string[] = []
  const timer = new SharedTimer(clock, DELAY_MS)
  const ticking = (name: string, then?: (self: Ticking) => void): Ticking => {
    const self: Ticking = {
      tick() {
        ticks.push(`${name}@${nowMs}`)
        then?.(self)
      },
    }
    return self
  }
  return { timer, ticks, ticking, to, timers: () => set.size }
}

test('each has its time, by one timer for all of them', () => {
  const { timer, ticks, ticking, to, timers } = scene()
  const gone = ticking('gone')
  timer.add(ticking('a'))
  to(4)
  timer.add(gone)
  timer.add(ticking('b'))
  expect(timers()).toBe(1)
  timer.delete(gone)
  to(13)
  expect(ticks).toEqual(['a@10'])
  expect(timers()).toBe(1)
  to(50)
  expect(ticks).toEqual(['a@10', 'b@14'])
  expect(timers()).toBe(0)
})

test('what adds itself again has all its time, and those behind it are not late for it', () => {
  const { timer, ticks, ticking, to, timers } = scene()
  timer.add(ticking('again', (self) => timer.add(self)))
  to(3)
  timer.add(ticking('behind'))
  to(21)
  expect(ticks).toEqual(['again@10', 'behind@13', 'again@20'])
  expect(timers()).toBe(1)
})

test('the last one that leaves takes the timer with it, also from within a tick', () => {
  const { timer, ticks, ticking, to, timers } = scene()
  const [first, second] = [ticking('first'), ticking('second')]
  timer.add(first)
  timer.add(second)
  timer.delete(first)
  expect(timers()).toBe(1)
  timer.delete(second)
  expect(timers()).toBe(0)
  timer.add(ticking('killer', () => timer.delete(second)))
  timer.add(second)
  to(40)
  expect(ticks).toEqual(['killer@10'])
  expect(timers()).toBe(0)
})
