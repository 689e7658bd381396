import { createFakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { SharedTimer, type Ticking } from '../../src/middleware/shared-timer.ts'

const DELAY_MS = 10

/** Notes who ticked, and when. */
function scene() {
  const clock = createFakeClock()
  const ticks: string[] = []
  const ticking = (name: string, then?: (self: Ticking) => void): Ticking => {
    const self: Ticking = {
      tick() {
        ticks.push(`${name}@${clock.now()}`)
        then?.(self)
      },
    }
    return self
  }
  return { timer: new SharedTimer(clock, DELAY_MS), clock, ticks, ticking }
}

test('each has its time, by one timer for all of them', async () => {
  const { timer, clock, ticks, ticking } = scene()
  const gone = ticking('gone')
  timer.add(ticking('a'))
  await clock.advance(4)
  timer.add(gone)
  timer.add(ticking('b'))
  expect(clock.pendingTimers).toBe(1)
  timer.delete(gone)
  await clock.advance(9)
  expect(ticks).toEqual(['a@10'])
  expect(clock.pendingTimers).toBe(1)
  await clock.advance(37)
  expect(ticks).toEqual(['a@10', 'b@14'])
  expect(clock.pendingTimers).toBe(0)
})

test('what adds itself again has all its time, and those behind it are not late for it', async () => {
  const { timer, clock, ticks, ticking } = scene()
  timer.add(ticking('again', (self) => timer.add(self)))
  await clock.advance(3)
  timer.add(ticking('behind'))
  await clock.advance(18)
  expect(ticks).toEqual(['again@10', 'behind@13', 'again@20'])
  expect(clock.pendingTimers).toBe(1)
})

test('the last one that leaves takes the timer with it, also from within a tick', async () => {
  const { timer, clock, ticks, ticking } = scene()
  const [first, second] = [ticking('first'), ticking('second')]
  timer.add(first)
  timer.add(second)
  timer.delete(first)
  expect(clock.pendingTimers).toBe(1)
  timer.delete(second)
  expect(clock.pendingTimers).toBe(0)
  timer.add(ticking('killer', () => timer.delete(second)))
  timer.add(second)
  await clock.advance(40)
  expect(ticks).toEqual(['killer@10'])
  expect(clock.pendingTimers).toBe(0)
})

test('those that are due at once tick one after another, without one that another has taken out', async () => {
  const { timer, clock, ticks, ticking } = scene()
  const taken = ticking('taken')
  timer.add(ticking('taker', () => timer.delete(taken)))
  timer.add(taken)
  timer.add(ticking('last'))
  await clock.advance(1)
  timer.add(ticking('later'))
  await clock.advance(20)
  expect(ticks).toEqual(['taker@10', 'last@10', 'later@11'])
  expect(clock.pendingTimers).toBe(0)
})
