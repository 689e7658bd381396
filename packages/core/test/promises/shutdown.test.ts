import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { declareMiddleware } from '../../src/pipeline/middleware.ts'
import { Gate, onBroker, onScript, rig, values } from '../support/harness.ts'
import { batchOf, ScriptedDriver } from '../support/scripted-driver.ts'

const gated = (): { gate: Gate<ConsumerRecord>; handlers: ReturnType<typeof on>[] } => {
  const gate = new Gate<ConsumerRecord>()
  return { gate, handlers: [on('t', gate.handle)] }
}

test('a second run is refused, and the first goes on', async () => {
  const { consumer, ended } = await onBroker()
  await expect(consumer.run()).rejects.toMatchObject({ code: 'HF_STATE_INVALID' })
  expect(ended()).toBe('running')
  await consumer.stop()
})

test('stop before run ends the consumer for good', async () => {
  const { consumer } = rig({ driver: new ScriptedDriver().factory })
  await expect(consumer.stop()).resolves.toEqual({ abandoned: [] })
  await expect(consumer.run()).rejects.toMatchObject({ code: 'HF_STATE_INVALID' })
  expect(consumer.status().state).toBe('stopped')
})

test('stop while starting gives the start up, and run resolves', async () => {
  const driver = new ScriptedDriver()
  driver.onStart = (signal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up')), { once: true }))
  const { start, consumer, ended, clock, events } = rig({ driver: driver.factory })
  start()
  await clock.settle()
  await consumer.stop()
  await clock.settle()
  expect(ended()).toBe('resolved')
  expect(driver.calls).toEqual(['start', 'stop'])
  expect(events('consumer:state').map(({ to }) => to)).toEqual(['starting', 'stopping', 'stopped'])
  expect(clock.pendingTimers).toBe(0)
})

test('a driver that cannot start fails the run with its error, and is closed', async () => {
  const driver = new ScriptedDriver()
  const failure = new Error('no broker')
  driver.onStart = async () => {
    throw failure
  }
  const { start, consumer, ended, clock } = rig({ driver: driver.factory })
  start()
  await clock.settle()
  expect(ended()).toBe(failure)
  expect(driver.calls).toEqual(['start', 'stop'])
  expect(consumer.status()).toMatchObject({ state: 'failed', health: { status: 'unhealthy' } })
  await expect(consumer.stop()).rejects.toBe(failure)
  expect(clock.pendingTimers).toBe(0)
})

test('the signal given to run stops the consumer, also one that has aborted before', async () => {
  for (const isEarly of [true, false]) {
    const driver = new ScriptedDriver()
    const { start, ended, clock } = rig({ driver: driver.factory })
    const abort = new AbortController()
    if (isEarly) abort.abort()
    start(abort.signal)
    await clock.settle()
    abort.abort()
    await clock.settle()
    expect(ended()).toBe('resolved')
  }
})

test('a failure while stopping rejects run and stop after everything is released', async () => {
  const { driver, consumer, ended, clock } = await onScript()
  const failure = new Error('cannot leave')
  driver.onStop = async () => {
    throw failure
  }
  await expect(consumer.stop()).rejects.toBe(failure)
  await clock.settle()
  expect(ended()).toBe(failure)
  expect(clock.pendingTimers).toBe(0)
})

test('stop waits for the handlers that run, commits what they settled, and starts no other', async () => {
  const { gate, handlers } = gated()
  const { consumer, broker, clock, ended } = await onBroker({ handlers })
  broker.produce('t', values(0, 5))
  await clock.settle()
  const stopped = consumer.stop()
  await clock.settle()
  expect(ended()).toBe('running')
  gate.calls[0]?.end()
  await clock.settle()
  expect(await stopped).toEqual({ abandoned: [] })
  expect(gate.calls).toHaveLength(1)
  expect(broker.committed('t', 0)).toBe(1)
})

test('a handler that ignores its signal is named as abandoned, and its record is not committed', async () => {
  const { gate, handlers } = gated()
  const { consumer, broker, clock } = await onBroker({ handlers, shutdownTimeoutMs: 1_000 })
  broker.produce('t', values(0, 2))
  await clock.settle()
  const stopped = consumer.stop()
  await clock.advance(999)
  expect(gate.calls[0]?.signal.aborted).toBe(false)
  await clock.advance(1)
  expect(gate.calls[0]?.signal.reason).toMatchObject({ code: 'HF_ABORTED', details: { reason: 'shutdown' } })
  await clock.advance(250)
  expect(await stopped).toMatchObject({ abandoned: [{ topic: 't', partition: 0, offset: 0, attempt: 1 }] })
  expect(broker.committed('t', 0)).toBeLessThanOrEqual(0)
  gate.calls[0]?.end()
  await clock.advance('1m')
  expect(broker.committed('t', 0)).toBeLessThanOrEqual(0)
  expect(clock.pendingTimers).toBe(0)
})

test('a second stop gets the same answer', async () => {
  const { consumer } = await onBroker()
  const [first, second] = await Promise.all([consumer.stop(), consumer.stop()])
  expect(second).toEqual(first)
})

test('a second stop with a shorter time-out waits that long, not less', async () => {
  const { gate, handlers } = gated()
  const { consumer, broker, clock } = await onBroker({ handlers, shutdownTimeoutMs: 60_000 })
  broker.produce('t', values(0, 1))
  await clock.settle()
  void consumer.stop()
  await clock.advance(1_000)
  void consumer.stop({ timeoutMs: 5_000 })
  await clock.advance(4_000)
  expect(gate.calls[0]?.signal.aborted).toBe(false)
  await clock.advance(1_000)
  expect(gate.calls[0]?.signal.aborted).toBe(true)
  await clock.advance(250)
  expect(consumer.status().state).toBe('stopped')
})

test('stop with no time left aborts what runs at once', async () => {
  const { gate, handlers } = gated()
  const { consumer, broker, clock } = await onBroker({ handlers })
  broker.produce('t', values(0, 1))
  await clock.settle()
  void consumer.stop()
  await clock.settle()
  void consumer.stop({ timeoutMs: 0 })
  await clock.advance(250)
  expect(gate.calls[0]?.signal.aborted).toBe(true)
  expect(consumer.status().state).toBe('stopped')
})

test('a time-out longer than shutdownTimeoutMs is honoured', async () => {
  const { gate, handlers } = gated()
  const { consumer, broker, clock } = await onBroker({ handlers, shutdownTimeoutMs: 1_000 })
  broker.produce('t', values(0, 1))
  await clock.settle()
  void consumer.stop({ timeoutMs: 10_000 })
  await clock.advance(9_000)
  expect(gate.calls[0]?.signal.aborted).toBe(false)
  gate.calls[0]?.end()
  await clock.settle()
  expect(broker.committed('t', 0)).toBe(1)
})

test('stop during a rebalance waits no longer than its own time-out', async () => {
  const { gate, handlers } = gated()
  const { consumer, driver, epoch, clock } = await onScript({
    handlers,
    drainBudgetMs: 200_000,
    shutdownTimeoutMs: 1_000,
  })
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  void driver.sink.suspending()
  await clock.advance(10)
  void consumer.stop()
  await clock.advance(1_000)
  expect(gate.calls[0]?.signal.aborted).toBe(true)
  await clock.advance(250)
  expect(consumer.status().state).toBe('stopped')
})

test('an assignment that comes while the consumer stops starts no handler', async () => {
  const { gate, handlers } = gated()
  const { consumer, driver, clock } = await onScript({ handlers })
  const mayStop = Promise.withResolvers<void>()
  driver.onStop = () => mayStop.promise
  void consumer.stop()
  await clock.settle()
  const epoch = driver.assign([{ topic: 't', partition: 0 }], 2)
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  expect(consumer.status().state).toBe('stopping')
  expect(gate.calls).toHaveLength(0)
  mayStop.resolve()
  await clock.settle()
  expect(clock.pendingTimers).toBe(0)
})

test('a client that ends itself fails the run', async () => {
  const { consumer, broker, clock, ended } = await onBroker()
  broker.crash()
  await clock.settle()
  expect(ended()).toMatchObject({ code: 'HF_DRIVER_CRASHED' })
  expect(consumer.status().state).toBe('failed')
})

test('a client that restarts itself goes on under a new epoch', async () => {
  const { broker, clock, ended, events } = await onBroker()
  broker.crash({ willRestart: true })
  await clock.settle()
  broker.produce('t', values(0, 3))
  await clock.advance('2s')
  expect(ended()).toBe('running')
  expect(events('group:joined').map(({ epoch }) => epoch)).toEqual([1, 2])
  expect(broker.committed('t', 0)).toBe(3)
})

test('a start of a middleware that hangs does not keep the consumer from stopping', async () => {
  const hanging = declareMiddleware(async (_call, next) => next(), { start: () => new Promise(() => undefined) })
  const { consumer, ended, clock } = await onBroker({ use: [hanging] })
  const stopped = consumer.stop({ timeoutMs: 10 })
  await clock.advance('60s')
  expect(ended()).toBe('resolved')
  await stopped
})

test('a handler that comes back after the stop arms no timer, though a record waited for its retry', async () => {
  const gate = new Gate<ConsumerRecord>()
  const handlers = [on('t', gate.handle)]
  const { driver, epoch, clock, consumer } = await onScript({
    handlers,
    order: 'none',
    retryBackoffMs: 60_000,
    retryBackoffMaxMs: 60_000,
    concurrency: 2,
  })
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  gate.calls[0]?.fail(new Error('no'))
  await clock.settle()
  const stopped = consumer.stop({ timeoutMs: 100 })
  await clock.advance('2s')
  await stopped
  expect(clock.pendingTimers).toBe(0)
  gate.calls[1]?.end()
  await clock.settle()
  expect(clock.pendingTimers).toBe(0)
})
