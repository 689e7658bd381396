import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, onScript, values } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

const gated = (): { gate: Gate<ConsumerRecord>; options: object } => {
  const gate = new Gate<ConsumerRecord>()
  return {
    gate,
    options: { delivery: 'at-most-once', handlers: [on('t', gate.handle)], commitInterval: { records: 100, ms: 100 } },
  }
}

test('no handler starts before the end of its poll batch is acknowledged', async () => {
  const { gate, options } = gated()
  const { driver, epoch, clock } = await onScript({ ...options, maxPollRecords: 2 })
  driver.answerWith = undefined
  driver.sink.batch(batchOf(epoch, [0, 1, 2]))
  await clock.advance('10s')
  expect(driver.requests).toEqual([{ topic: 't', partition: 0, epoch, offset: 2, metadata: '' }])
  expect(gate.calls).toHaveLength(0)
  driver.commits[0]?.answer('ok')
  await clock.settle()
  expect(gate.calls).toHaveLength(1)
})

test('a commit without an answer is repeated, and nothing starts before', async () => {
  const { gate, options } = gated()
  const { driver, epoch, clock } = await onScript(options)
  driver.answerWith = 'unknown'
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.advance('1m')
  expect(driver.commits.length).toBeGreaterThan(3)
  expect(new Set(driver.requests.map((request) => `${request.epoch}@${request.offset}`))).toEqual(
    new Set([`${epoch}@1`]),
  )
  expect(gate.calls).toHaveLength(0)
  driver.answerWith = 'ok'
  await clock.advance('30s')
  expect(gate.calls).toHaveLength(1)
})

test('where the commit is fenced none of the poll batch ever starts', async () => {
  const { gate, options } = gated()
  const { driver, epoch, clock } = await onScript(options)
  driver.answerWith = 'fenced'
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.advance('1m')
  expect(driver.commits).toHaveLength(1)
  expect(gate.calls).toHaveLength(0)
})

test('where the partition is lost before the acknowledgement none of the poll batch starts', async () => {
  const { gate, options } = gated()
  const { driver, epoch, clock } = await onScript(options)
  driver.answerWith = undefined
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  driver.sink.lost('the session timed out')
  driver.commits[0]?.answer('ok')
  await clock.advance('1m')
  expect(gate.calls).toHaveLength(0)
})

test('a failed record is neither tried again nor delivered again', async () => {
  const seen: number[] = []
  const fail = (record: ConsumerRecord): void => {
    seen.push(record.offset)
    throw new Error('no')
  }
  const { broker, clock, events } = await onBroker({
    delivery: 'at-most-once',
    handlers: [on('t', fail)],
    maxPollRecords: 1,
  })
  broker.produce('t', values(0, 1))
  await clock.advance('1m')
  expect(seen).toEqual([0])
  expect(events('partition:halted')).toHaveLength(1)
  broker.lose()
  await clock.advance('1m')
  expect(seen).toEqual([0])
})

test('a rebalance lets what was admitted, and is thus committed, run to its end', async () => {
  const { gate, options } = gated()
  const { broker, clock, events } = await onBroker({
    ...options,
    partitionAssignmentStrategy: ['range'],
    drainBudgetMs: 10_000,
    maxPollRecords: 3,
  })
  broker.produce('t', values(0, 6))
  await clock.settle()
  const done = broker.rebalance()
  for (let call = 0; call < 3; call += 1) {
    await clock.settle()
    expect(gate.calls).toHaveLength(call + 1)
    gate.calls[call]?.end()
  }
  await clock.settle()
  await done
  expect(events('drain:ended')).toMatchObject([{ abandoned: [] }])
  await clock.settle()
  expect(gate.calls.map(({ input }) => input.offset)).toEqual([0, 1, 2, 3])
})

test('a partition whose commit is acknowledged starts, though the commit of another gets no answer', async () => {
  const { gate, options } = gated()
  const { driver, epoch, clock } = await onScript({ ...options, commitInterval: { records: 100, ms: 10_000 } }, 2)
  driver.answerWith = undefined
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  driver.commits[0]?.answer('unknown')
  await clock.settle()
  driver.sink.batch(batchOf(epoch, [0], { partition: 1 }))
  await clock.settle()
  const withSecond = driver.commits.find(({ requests }) => requests.some(({ partition }) => partition === 1))
  expect(withSecond).toBeDefined()
  withSecond?.answer(({ partition }) => (partition === 1 ? 'ok' : 'unknown'))
  await clock.settle()
  expect(gate.calls.map(({ input }) => input.partition)).toContain(1)
})

test('a consumer that stops while its commits get no answer leaves no timer behind', async () => {
  const { options } = gated()
  const { driver, epoch, clock, consumer } = await onScript({
    ...options,
    shutdownTimeoutMs: 100,
    commitInterval: { records: 100, ms: 10_000 },
  })
  driver.answerWith = 'unknown'
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.advance(1_000)
  void consumer.stop()
  await clock.advance(400)
  expect(consumer.status().state).toBe('stopped')
  expect(clock.pendingTimers).toBe(0)
})

test('a poll batch whose commit is acknowledged after its partition has halted never starts', async () => {
  const { gate, options } = gated()
  const { driver, epoch, clock, events } = await onScript({ ...options, order: 'none', maxPollRecords: 4 })
  driver.sink.batch(batchOf(epoch, [0, 1, 2, 3]))
  await clock.settle()
  expect(gate.calls).toHaveLength(4)
  driver.answerWith = undefined
  driver.sink.batch(batchOf(epoch, [4, 5]))
  for (const call of [0, 1]) gate.calls[call]?.end()
  await clock.advance('1s')
  gate.calls[2]?.fail(new Error('no'))
  await clock.settle()
  expect(events('partition:halted')).toHaveLength(1)
  driver.commits.at(-1)?.answer('ok')
  await clock.advance('1m')
  expect(gate.calls).toHaveLength(4)
})

test('what was committed before a batch that cannot be decoded runs, though its partition halts there', async () => {
  const gate = new Gate<ConsumerRecord>()
  const { driver, epoch, clock, consumer, events } = await onScript({
    handlers: [on('t', gate.handle)],
    delivery: 'at-most-once',
    concurrency: 1,
  })
  driver.sink.batch(batchOf(epoch, [0, 1, 2]))
  await clock.advance('1s')
  driver.sink.undecodable({ topic: 't', partition: 0 }, epoch, {
    kind: 'written',
    firstOffset: 3,
    nextOffset: 5,
    reason: new Error('damaged'),
  })
  await clock.advance('1s')
  expect(events('partition:halted')).toHaveLength(1)
  expect(driver.requests.at(-1)).toMatchObject({ offset: 3 })
  const stopped = consumer.stop({ timeoutMs: 10_000 })
  for (let call = 0; call < 3; call += 1) {
    gate.calls[call]?.end()
    await clock.advance(10)
  }
  await clock.advance('20s')
  await stopped
  expect(gate.calls.map(({ input }) => input.offset)).toEqual([0, 1, 2])
})
