import { expect, test } from 'vitest'
import type { ConsumerOptions } from '../../src/config/options.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, onScript, rig, values } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

/** Before a join every partition is drained: it may go to any member. */
const EAGER: Partial<ConsumerOptions> = { partitionAssignmentStrategy: ['range'] }

const gated = (): { gate: Gate<ConsumerRecord>; handlers: ReturnType<typeof on>[] } => {
  const gate = new Gate<ConsumerRecord>()
  return { gate, handlers: [on('t', gate.handle)] }
}

test('a revoke commits what is done, waits for what runs, and starts nothing else', async () => {
  const { gate, handlers } = gated()
  const { broker, clock, events } = await onBroker({
    ...EAGER,
    handlers,
    drainBudgetMs: 5_000,
    commitInterval: { ms: 60_000 },
  })
  broker.produce('t', values(0, 5))
  await clock.settle()
  gate.calls[0]?.end()
  await clock.settle()
  let isDone = false
  void broker.rebalance().then(() => {
    isDone = true
  })
  await clock.advance(4_000)
  expect(isDone).toBe(false)
  expect(gate.calls).toHaveLength(2)
  gate.calls[1]?.end()
  await clock.settle()
  expect(isDone).toBe(true)
  expect(events('drain:ended')).toMatchObject([{ cause: 'rebalance', abandoned: [] }])
  expect(broker.committed('t', 0)).toBe(2)
  await clock.settle()
  expect(gate.calls.at(-1)?.input.offset).toBe(2)
})

test('the drain ends with its budget; who ignores the signal is abandoned and its result does not count', async () => {
  const { gate, handlers } = gated()
  const { broker, clock, events } = await onBroker({ ...EAGER, handlers, drainBudgetMs: 1_000 })
  broker.produce('t', values(0, 2))
  await clock.settle()
  void broker.rebalance()
  await clock.advance(1_000)
  expect(gate.calls[0]?.signal.reason).toMatchObject({ details: { reason: 'revoked' } })
  expect(events('drain:overrun')).toMatchObject([{ cause: 'rebalance', attempts: [{ offset: 0, ageMs: 1_000 }] }])
  await clock.advance(250)
  expect(events('drain:ended')).toMatchObject([{ abandoned: [{ offset: 0 }] }])
  gate.calls[0]?.end()
  await clock.advance('5s')
  expect(events('attempt:stale')).toMatchObject([{ offset: 0, epoch: 1 }])
  expect(broker.committed('t', 0)).toBeLessThanOrEqual(0)
  expect(gate.calls.map(({ input }) => input.offset)).toEqual([0, 0])
})

test('a handler that heeds its signal is delivered again and is not an attempt', async () => {
  const attempts: number[] = []
  const handlers = [
    on('t', (_record, { signal, attempt }) => {
      attempts.push(attempt)
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
    }),
  ]
  const { broker, clock, events } = await onBroker({ ...EAGER, handlers, drainBudgetMs: 100 })
  broker.produce('t', values(0, 1))
  await clock.settle()
  void broker.rebalance()
  await clock.advance(200)
  expect(attempts).toEqual([1, 1])
  expect(events('attempt:failed')).toEqual([])
  expect(events('drain:ended')).toMatchObject([{ abandoned: [] }])
})

test('a record that is fetched again under a new epoch runs, though the old epoch still holds the same offset', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock, events, consumer } = await onScript({ handlers })
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  driver.sink.lost('evicted')
  const next = driver.assign([{ topic: 't', partition: 0 }], 2)
  driver.sink.batch(batchOf(epoch, [0, 1]))
  driver.sink.batch(batchOf(next, [0]))
  await clock.settle()
  expect(gate.calls).toHaveLength(2)
  expect(events('batch:dropped')).toMatchObject([{ epoch, count: 2, reason: 'stale epoch' }])
  gate.calls[1]?.end()
  await clock.advance('2s')
  expect(driver.requests).toEqual([{ topic: 't', partition: 0, epoch: next, offset: 1, metadata: '' }])
  gate.calls[0]?.end()
  await clock.advance('2s')
  expect(driver.requests).toHaveLength(1)
  expect(consumer.status().fenced).toEqual({ attempts: 1, records: 2, commits: 0 })
})

test('a full buffer of an epoch that is over does not hold the next one back', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock, consumer } = await onScript({ handlers, maxPartitionBufferedRecords: 2 })
  driver.sink.batch(batchOf(epoch, [0, 1, 2]))
  await clock.settle()
  expect(consumer.status().partitions[0]).toMatchObject({ pausedBy: ['backpressure'] })
  driver.sink.lost('evicted')
  const next = driver.assign([{ topic: 't', partition: 0 }], 2)
  await clock.settle()
  expect(consumer.status().partitions[0]).toMatchObject({ heldRecords: 0, pausedBy: [] })
  driver.sink.batch(batchOf(next, [0]))
  await clock.settle()
  expect(gate.calls).toHaveLength(2)
})

test('a pause by the user outlives the assignment', async () => {
  const { gate, handlers } = gated()
  const { broker, clock, consumer } = await onBroker({ handlers }, 2)
  consumer.pause('t', 1)
  void broker.rebalance()
  await clock.settle()
  broker.produce('t', [...values(0, 200, 0), ...values(0, 200, 1)])
  await clock.settle()
  expect(gate.calls.map(({ input }) => input.partition)).toEqual([0])
  expect(consumer.status().partitions.find(({ partition }) => partition === 1)).toMatchObject({ pausedBy: ['user'] })
  consumer.resume('t', 1)
  await clock.settle()
  expect(gate.calls.map(({ input }) => input.partition)).toEqual([0, 1])
})

test('a second member takes its share after the first has committed, and no record is lost or repeated', async () => {
  const seen: string[] = []
  const handlers = [on('t', ({ partition, offset }) => void seen.push(`${partition}@${offset}`))]
  const first = await onBroker({ handlers }, 2)
  first.broker.produce('t', [...values(0, 50, 0), ...values(0, 50, 1)])
  const second = rig({ driver: first.broker.driver(), handlers }, first.clock)
  second.start()
  await first.clock.advance('2s')
  first.broker.produce('t', [...values(50, 60, 0), ...values(50, 60, 1)])
  await first.clock.advance('2s')
  expect(first.broker.assignments().map((owned) => owned.length)).toEqual([1, 1])
  expect(seen).toHaveLength(120)
  expect(new Set(seen).size).toBe(120)
  expect([first.broker.committed('t', 0), first.broker.committed('t', 1)]).toEqual([60, 60])
})

test('a revoke under a new epoch drains it, though the last commit of the old one still hangs', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock } = await onScript({
    handlers,
    drainBudgetMs: 60_000,
    commitInterval: { records: 1, ms: 100 },
  })
  driver.answerWith = undefined
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  gate.calls[0]?.end()
  await clock.settle()
  void driver.sink.suspending()
  await clock.advance(1_000)
  driver.sink.lost('the session timed out')
  const next = driver.assign([{ topic: 't', partition: 0 }], 2)
  driver.sink.batch(batchOf(next, [0]))
  await clock.settle()
  let isDrained = false
  void driver.sink.suspending().then(() => {
    isDrained = true
  })
  await clock.advance(30_000)
  expect(isDrained).toBe(false)
  gate.calls[1]?.end()
  for (const { answer } of driver.commits) answer('ok')
  await clock.settle()
  for (const { answer } of driver.commits) answer('ok')
  await clock.advance(6_000)
  expect(isDrained).toBe(true)
})

test('a position that is reset while the partition drains starts nothing', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock } = await onScript({ handlers, drainBudgetMs: 5_000 })
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  let isDrained = false
  void driver.sink.suspending().then(() => {
    isDrained = true
  })
  await clock.settle()
  const moved = driver.sink.reset({ topic: 't', partition: 0 }, 100)
  driver.sink.batch(batchOf(moved, [100]))
  await clock.advance(10_000)
  expect(isDrained).toBe(true)
  expect(gate.calls).toHaveLength(1)
})

test('a partition that was paused for backpressure is fetched again after its position is reset', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock } = await onScript({ handlers, maxPartitionBufferedRecords: 2 })
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  expect(driver.calls.at(-1)).toBe('pause t/0')
  driver.sink.reset({ topic: 't', partition: 0 }, 50)
  await clock.settle()
  expect(gate.calls).toHaveLength(1)
  expect(driver.calls.at(-1)).toBe('resume t/0')
})

test('an assignment without a handler fails the run and is not thrown at the driver', async () => {
  const handlers = [on(/^t/, () => undefined), on(/t$/, () => undefined)]
  const { driver, ended, clock } = await onScript({ handlers }, 0)
  expect(() => driver.assign([{ topic: 't', partition: 0 }], 2)).not.toThrow()
  await clock.advance('1s')
  expect(ended()).toMatchObject({ code: 'HF_HANDLER_CONFLICT' })
})

test('a batch that comes while the partition drains is dropped, told, and not tracked', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock, events, consumer } = await onScript({ handlers, drainBudgetMs: 5_000 })
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  void driver.sink.suspending()
  driver.sink.batch(batchOf(epoch, [1, 2]))
  await clock.settle()
  expect(events('batch:dropped')).toMatchObject([{ epoch, count: 2, reason: 'not active' }])
  expect(consumer.status().partitions[0]).toMatchObject({ phase: 'draining', open: 1 })
  gate.calls[0]?.end()
  await clock.advance('1s')
  expect(driver.requests).toMatchObject([{ offset: 1 }])
  expect(gate.calls).toHaveLength(1)
})

test('a partition that is lost while a slot lets the event loop turn has its lane no longer', async () => {
  const handled: number[] = []
  const made = await onBroker({
    order: 'partition',
    handlers: [
      on('t', ({ offset }: ConsumerRecord) => {
        handled.push(offset)
        if (handled.length === 1) setImmediate(() => broker.lose())
        // Longer than slots keep timers and sockets waiting.
        clock.block(30)
      }),
    ],
  })
  const { broker, clock, ended, events } = made
  broker.produce('t', values(0, 50))
  await clock.advance('10s')
  expect(ended()).toBe('running')
  expect(events('group:lost')).toHaveLength(1)
  expect(handled.slice(0, 2)).toEqual([0, 0])
  expect(broker.committed('t', 0)).toBe(50)
})
