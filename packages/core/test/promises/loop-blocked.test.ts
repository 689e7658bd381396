import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onScript } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

const TIMES = { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 3_000, commitInterval: { records: 100, ms: 1_000 } }

test('a block is told with its length and the attempt that made it; a shorter one is not', async () => {
  const made = await onScript({
    ...TIMES,
    order: 'none',
    handlers: [
      on('t', async (record: ConsumerRecord) => {
        if (record.offset === 1) made.clock.block('2s')
        if (record.offset === 2) made.clock.block('8s')
      }),
    ],
  })
  const { driver, epoch, clock, events } = made
  await clock.advance(500)
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.advance(500)
  expect(events('loop:blocked')).toEqual([])
  driver.sink.batch(batchOf(epoch, [2]))
  await clock.advance(500)
  const [{ durationMs, attempts } = { durationMs: 0, attempts: [] }] = events('loop:blocked')
  expect(durationMs).toBeGreaterThan(7_700)
  expect(durationMs).toBeLessThanOrEqual(8_000)
  expect(attempts).toMatchObject([{ offset: 2, handler: 't' }])
})

test('the attempt that made it is told also where the loop was late before it began', async () => {
  const made = await onScript({ ...TIMES, order: 'none', handlers: [on('t', () => made.clock.block('8s'))] })
  const { driver, epoch, clock, events } = made
  await clock.advance(500)
  clock.block(600)
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  await clock.advance(500)
  expect(events('loop:blocked')).toMatchObject([{ attempts: [{ offset: 0 }] }])
})

test('an attempt that only waits through the block is told with it', async () => {
  const gate = new Gate<ConsumerRecord>()
  const { driver, epoch, clock, events } = await onScript({ ...TIMES, order: 'none', handlers: [on('t', gate.handle)] })
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.advance('1s')
  clock.block('5s')
  await clock.advance('1s')
  expect(events('loop:blocked')[0]?.attempts).toMatchObject([{ offset: 0 }])
})

test('after a block nothing is committed before the membership is confirmed', async () => {
  const { driver, epoch, clock } = await onScript({ ...TIMES, handlers: [on('t', () => undefined)] })
  driver.confirmWith = 'unknown'
  await clock.advance('1s')
  clock.block('5s')
  await clock.advance(200)
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.advance('3s')
  expect(driver.calls).toContain('confirm')
  expect(driver.commits).toEqual([])
  driver.confirmWith = 'member'
  await clock.advance('30s')
  expect(driver.requests).toMatchObject([{ offset: 2 }])
  const { length } = driver.calls.filter((call) => call === 'confirm')
  driver.sink.batch(batchOf(epoch, [2]))
  await clock.advance('3s')
  expect(driver.requests).toMatchObject([{ offset: 2 }, { offset: 3 }])
  expect(driver.calls.filter((call) => call === 'confirm')).toHaveLength(length)
})

test('a member that turns out to be fenced commits nothing', async () => {
  const { driver, epoch, clock } = await onScript({ ...TIMES, handlers: [on('t', () => undefined)] })
  driver.confirmWith = 'fenced'
  await clock.advance('1s')
  clock.block('5s')
  await clock.advance(200)
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.advance(500)
  driver.sink.lost('the coordinator said no')
  await clock.advance('1m')
  expect(driver.commits).toEqual([])
})
