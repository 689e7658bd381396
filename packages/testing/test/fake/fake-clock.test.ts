import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createFakeClock, type Duration } from '../../src/fake-clock.ts'

test('timers fire in the order in which they are due, then in which they were set', async () => {
  const clock = createFakeClock()
  const fired: string[] = []
  for (const [name, delayMs] of [
    ['b', 20],
    ['a', 10],
    ['c', 20],
    ['never', 21],
  ] as const) {
    clock.setTimer(() => fired.push(`${name}@${clock.now()}`), delayMs)
  }
  await clock.advance(20)
  expect(fired).toEqual(['a@10', 'b@20', 'c@20'])
  expect([clock.now(), clock.pendingTimers]).toEqual([20, 1])
})

test('a timer that another one sets fires in the same advance, after the promises of the first', async () => {
  const clock = createFakeClock()
  const order: string[] = []
  clock.setTimer(async () => {
    await setImmediate()
    order.push(`promise@${clock.now()}`)
    clock.setTimer(() => order.push(`second@${clock.now()}`), 5)
  }, 10)
  await clock.advance('1s')
  expect(order).toEqual(['promise@10', 'second@15'])
  expect(clock.now()).toBe(1_000)
})

test('a cleared timer does not fire', async () => {
  const clock = createFakeClock()
  let isFired = false
  const timer = clock.setTimer(() => {
    isFired = true
  }, 10)
  timer.clear()
  await clock.advance(20)
  expect(isFired).toBe(false)
  expect(clock.pendingTimers).toBe(0)
})

test('wall time moves with it', async () => {
  const clock = createFakeClock({ wallStartMs: 1_000 })
  await clock.advance('250ms')
  expect(clock.wallNow()).toBe(1_250)
})

test.each<[Duration, number]>([
  [7, 7],
  ['1.5s', 1_500],
  ['2m', 120_000],
  ['1h', 3_600_000],
])('%s is %i ms', async (duration, ms) => {
  const clock = createFakeClock()
  await clock.advance(duration)
  expect(clock.now()).toBe(ms)
})

test('what is no duration is refused', async () => {
  await expect(createFakeClock().advance('soon' as Duration)).rejects.toThrow(/"soon" is not a duration/)
})
