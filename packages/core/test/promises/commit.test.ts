import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, onScript, values } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

const gated = (): { gate: Gate<ConsumerRecord>; handlers: ReturnType<typeof on>[] } => {
  const gate = new Gate<ConsumerRecord>()
  return { gate, handlers: [on('t', gate.handle)] }
}
const ONE = { commitInterval: { records: 1, ms: 1_000 } }

test('what was fetched and not handled is never committed: by time, by revoke, by stop', async () => {
  const { gate, handlers } = gated()
  const { consumer, broker, clock } = await onBroker({ handlers, drainBudgetMs: 100, shutdownTimeoutMs: 100, ...ONE })
  broker.setCommitted('t', 0, 3, 'g')
  broker.produce('t', values(0, 10))
  broker.lose()
  await clock.advance('10s')
  expect(gate.calls.map(({ input }) => input.offset)).toEqual([3])
  expect(broker.committed('t', 0)).toBe(3)
  void broker.rebalance()
  await clock.advance('1s')
  expect(broker.committed('t', 0)).toBe(3)
  void consumer.stop()
  await clock.advance('1s')
  expect(consumer.status().state).toBe('stopped')
  expect(broker.committed('t', 0)).toBe(3)
})

test('a commit is sent at once when the count is reached', async () => {
  const { broker, clock } = await onBroker({ commitInterval: { records: 3, ms: 60_000 } })
  broker.produce('t', values(0, 2))
  await clock.settle()
  expect(broker.committed('t', 0)).toBe(-1)
  broker.produce('t', values(2, 3))
  await clock.settle()
  expect(broker.committed('t', 0)).toBe(3)
})

test('a commit follows by time where the count is not reached', async () => {
  const { broker, clock } = await onBroker({ commitInterval: { records: 1_000, ms: 700 } })
  broker.produce('t', values(0, 3))
  await clock.advance(699)
  expect(broker.committed('t', 0)).toBe(-1)
  await clock.advance(1)
  expect(broker.committed('t', 0)).toBe(3)
})

test('the position is committed past offsets that are never delivered, so that lag reaches zero', async () => {
  const { broker, clock, consumer } = await onBroker()
  broker.produce('t', values(0, 2))
  await clock.advance('2s')
  broker.produceUndeliverable('t', 0, 3)
  await clock.advance('2s')
  expect(broker.committed('t', 0)).toBe(5)
  broker.produce('t', values(2, 3))
  broker.compact('t', 0, [0])
  await clock.advance('2s')
  expect(consumer.status().partitions[0]).toMatchObject({ committed: 6, lag: 0, open: 0 })
})

test('what settles while a commit is in flight is committed by the next one', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock } = await onScript({ handlers, ...ONE })
  driver.answerWith = undefined
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  gate.calls[0]?.end()
  await clock.settle()
  expect(driver.requests.map(({ offset }) => offset)).toEqual([1])
  gate.calls[1]?.end()
  await clock.settle()
  driver.commits[0]?.answer('ok')
  await clock.advance('1s')
  expect(driver.requests.map(({ offset }) => offset)).toEqual([1, 2])
})

test('one request is in flight at a time', async () => {
  const { driver, epoch, clock } = await onScript({ commitInterval: { records: 1, ms: 10 } }, 2)
  driver.answerWith = undefined
  driver.sink.batch(batchOf(epoch, [0, 1, 2]))
  driver.sink.batch(batchOf(epoch, [0, 1, 2], { partition: 1 }))
  await clock.advance('1s')
  expect(driver.commits).toHaveLength(1)
  driver.commits[0]?.answer('ok')
  await clock.advance('1s')
  expect(driver.commits).toHaveLength(2)
})

test('a commit without an answer is repeated with back-off under the same epoch until it is answered', async () => {
  const { driver, epoch, clock, events } = await onScript({ commitInterval: { records: 1, ms: 100 } })
  driver.answerWith = 'unknown'
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  expect(driver.commits).toHaveLength(1)
  await clock.advance(199)
  expect(driver.commits).toHaveLength(1)
  await clock.advance(1)
  expect(driver.commits).toHaveLength(2)
  driver.answerWith = 'ok'
  await clock.advance('10s')
  expect(driver.requests).toEqual(Array(3).fill({ topic: 't', partition: 0, epoch, offset: 1, metadata: '' }))
  expect([events('commit:unknown').length, events('commit:ok').length]).toEqual([2, 1])
})

test('a rejected commit is not taken for a success, and the epoch is over', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock, events, consumer } = await onScript({ handlers, ...ONE })
  driver.answerWith = 'fenced'
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  gate.calls[0]?.end()
  await clock.settle()
  expect(events('commit:fenced')).toHaveLength(1)
  expect(gate.calls[1]?.signal.reason).toMatchObject({ details: { reason: 'lost' } })
  gate.calls[1]?.end()
  await clock.advance('1m')
  expect(driver.commits).toHaveLength(1)
  expect(consumer.status().partitions).toEqual([])
  expect(events('attempt:stale')).toMatchObject([{ offset: 1, epoch }])
})

test('after a reset of the position the new offsets are committed, also below the old ones', async () => {
  const { broker, clock, events } = await onBroker(ONE)
  broker.produce('t', values(0, 10))
  await clock.advance('2s')
  expect(broker.committed('t', 0)).toBe(10)
  broker.recreateTopic('t')
  broker.produce('t', values(0, 4))
  await clock.advance('2s')
  expect(events('partition:reset')).toMatchObject([{ to: 0 }])
  expect(broker.committed('t', 0)).toBe(4)
})

test('a batch that repeats an offset, or goes back, runs each record once and is committed to its end', async () => {
  const seen: number[] = []
  const { driver, epoch, clock } = await onScript({ handlers: [on('t', ({ offset }) => void seen.push(offset))] })
  driver.sink.batch(batchOf(epoch, [0, 0, 2]))
  driver.sink.batch(batchOf(epoch, [2, 1, 3]))
  await clock.advance('2s')
  expect(seen.filter((offset, index) => seen.indexOf(offset) === index)).toEqual(seen)
  expect(driver.requests.at(-1)).toMatchObject({ offset: 4 })
})

test('records that settle meanwhile do not cut the back-off of a commit without an answer short', async () => {
  const { driver, epoch, clock } = await onScript({ commitInterval: { records: 1, ms: 1_000 } })
  driver.answerWith = 'unknown'
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  for (const offset of [1, 2, 3]) {
    driver.sink.batch(batchOf(epoch, [offset]))
    await clock.advance(100)
  }
  expect(driver.commits).toHaveLength(1)
  driver.answerWith = 'ok'
  await clock.advance(2_000)
  expect(driver.requests.map(({ offset }) => offset)).toEqual([1, 4])
})
