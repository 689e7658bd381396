import { expect, test } from 'vitest'
import { on } from '../../src/pipeline/handler.ts'
import { Events } from '../../src/ports/events.ts'
import { LoopWatch } from '../../src/runtime/loop-watch.ts'
import { Gate, onScript } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

/** Stops this thread, and with it the event loop. */
function block(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
}

test('after a block nothing is committed before the membership is confirmed', async () => {
  const handlers = [on('t', () => undefined)]
  const { driver, epoch, clock, events, consumer } = await onScript({
    handlers,
    sessionTimeoutMs: 2_000,
    heartbeatIntervalMs: 300,
    commitInterval: { records: 100, ms: 1_000 },
  })
  driver.confirmWith = 'unknown'
  const blocked = Promise.withResolvers<void>()
  consumer.on('loop:blocked', () => blocked.resolve())
  // Node's measure needs a turn of the loop before the block, and one after it.
  const looks = setInterval(() => void clock.advance(20), 20)
  await new Promise((resolve) => setTimeout(resolve, 250))
  block(700)
  await blocked.promise
  clearInterval(looks)
  expect(events('loop:blocked')[0]?.durationMs).toBeGreaterThanOrEqual(300)
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.advance('3s')
  expect(driver.calls).toContain('confirm')
  expect(driver.commits).toEqual([])
  driver.confirmWith = 'member'
  await clock.advance('30s')
  expect(driver.requests).toMatchObject([{ offset: 2 }])
  expect(driver.calls.filter((call) => call === 'confirm').length).toBeGreaterThan(1)
})

test('a member that turns out to be fenced commits nothing', async () => {
  const gate = new Gate()
  const { driver, epoch, clock, consumer } = await onScript({
    handlers: [on('t', gate.handle)],
    sessionTimeoutMs: 2_000,
    heartbeatIntervalMs: 300,
  })
  driver.confirmWith = 'fenced'
  const blocked = Promise.withResolvers<void>()
  consumer.on('loop:blocked', () => blocked.resolve())
  const looks = setInterval(() => void clock.advance(20), 20)
  await new Promise((resolve) => setTimeout(resolve, 250))
  block(700)
  await blocked.promise
  clearInterval(looks)
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  gate.calls[0]?.end()
  await clock.advance('1s')
  driver.sink.lost('the coordinator said no')
  await clock.advance('1m')
  expect(driver.commits).toEqual([])
})

test('a block is told with the attempts that ran through it, those that have ended since included', () => {
  const told: object[] = []
  const events = new Events(() => undefined)
  events.on('loop:blocked', (event) => told.push(event))
  let longestMs = 0
  const asked: number[][] = []
  const watch = new LoopWatch({
    events,
    limitMs: 3_000,
    delay: { start: () => undefined, stop: () => undefined, takeLongestMs: () => longestMs },
    runningDuring: (fromMs, toMs) => {
      asked.push([fromMs, toMs])
      return []
    },
    blocked: () => undefined,
  })
  watch.look(1_000)
  longestMs = 2_999
  watch.look(4_000)
  longestMs = 5_000
  watch.look(9_100)
  expect(asked).toEqual([[4_100, 9_000]])
  expect(told).toEqual([{ durationMs: 5_000, attempts: [] }])
})
