import { expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { Consumer } from '../../src/api.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { halt } from '../../src/policy/failure-policy.ts'
import { retryTopics } from '../../src/policy/retry-topics.ts'
import { Gate, onBroker, onScript, rig, values } from '../support/harness.ts'
import { batchOf, ScriptedDriver } from '../support/scripted-driver.ts'
import { recordingLogger } from '../support/silent-logger.ts'

const TIMES = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 500, stallTimeoutMs: 10_000, rebalanceTimeoutMs: 20_000 }

const codes = (consumer: Consumer): string[] => consumer.status().health.reasons.map(({ code }) => code)
const statusOf = (consumer: Consumer): string => consumer.status().health.status

/** A consumer whose handlers the test ends. */
const gated = async (options: object = {}, partitions = 1) => {
  const gate = new Gate<ConsumerRecord>()
  const made = await onScript({ ...TIMES, handlers: [on('t', gate.handle)], ...options }, partitions)
  return { gate, ...made }
}

test('a partition with lag that settles nothing is stalled within its time, and told once; the next settle ends that', async () => {
  const { logger, lines } = recordingLogger()
  const { gate, driver, epoch, clock, consumer, events } = await gated({ logger })
  await clock.advance('1m')
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.advance(9_999)
  expect(statusOf(consumer)).toBe('healthy')
  await clock.advance(1_001)
  expect(consumer.status().health.reasons).toMatchObject([{ code: 'stalled', topic: 't', partition: 0 }])
  await clock.advance('1m')
  expect(events('health:changed').map(({ from, to }) => `${from} > ${to}`)).toEqual([
    'starting > healthy',
    'healthy > unhealthy',
  ])
  gate.calls[0]?.end()
  await clock.settle()
  expect(consumer.status().health).toEqual({ status: 'healthy', reasons: [] })
  await clock.advance('1s')
  expect(events('health:changed').at(-1)).toEqual({ from: 'unhealthy', to: 'healthy', reasons: [] })
  expect(lines.filter(({ message }) => message === 'health changed').map(({ level }) => level)).toEqual([
    'info',
    'warn',
    'info',
  ])
})

test('a consumer that settles something now and then is healthy, however far it lags', async () => {
  const { gate, driver, epoch, clock, consumer, events } = await gated({ maxPartitionBufferedRecords: 4 })
  driver.sink.batch(batchOf(epoch, [0, 1, 2, 3, 4, 5, 6, 7], { highWatermark: 1_000 }))
  await clock.settle()
  expect(consumer.status().partitions[0]?.pausedBy).toEqual(['backpressure'])
  for (let ended = 0; ended < 3; ended += 1) {
    await clock.advance('4500ms')
    gate.calls.at(-1)?.end()
    await clock.settle()
  }
  expect(events('health:changed').map(({ to }) => to)).toEqual(['healthy'])
  await clock.advance('5500ms')
  expect(codes(consumer)).toEqual(['buffer-full'])
  await clock.advance('5500ms')
  expect(codes(consumer)).toEqual(['stalled'])
})

test('what the user paused is healthy, and has its whole time after that', async () => {
  const { driver, epoch, clock, consumer } = await gated()
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.advance('5s')
  consumer.pause('t')
  await clock.advance('3m')
  expect(consumer.status().health).toEqual({ status: 'healthy', reasons: [] })
  consumer.resume('t')
  await clock.advance('9500ms')
  expect(statusOf(consumer)).toBe('healthy')
  await clock.advance('1500ms')
  expect(codes(consumer)).toEqual(['stalled'])
})

test('a partition that waits for slots which others use is not stalled; those that use them are', async () => {
  const { gate, driver, epoch, clock, consumer } = await gated({ concurrency: 1 }, 2)
  for (const partition of [0, 1]) driver.sink.batch(batchOf(epoch, [0, 1, 2], { partition }))
  await clock.advance('11s')
  expect(gate.calls).toHaveLength(1)
  expect(consumer.status().health.reasons).toMatchObject([{ code: 'stalled', partition: 0 }])
})

test('a retry topic whose record hangs is stalled, also while the next ones wait for their time', async () => {
  const broker = fakeBroker()
  for (const topic of ['t', 't.retry.1h']) broker.createTopic(topic)
  const hung = new Gate<ConsumerRecord>()
  const handler = on('t', (record: ConsumerRecord, context) => {
    if (record.topic === 't') throw new Error('no')
    return hung.handle(record, context)
  })
  const options = { onFailure: retryTopics(['1h']).then(halt()), retryBackoffMs: undefined } as object
  const { clock, consumer, start } = rig({ driver: broker.driver(), handlers: [handler], ...TIMES, ...options })
  start()
  await clock.settle()
  broker.produce('t', values(0, 1))
  await clock.advance('59m')
  broker.produce('t', values(1, 2))
  await clock.advance('59s')
  expect(consumer.status().health).toEqual({ status: 'healthy', reasons: [] })
  await clock.advance('2s')
  expect(hung.calls).toHaveLength(1)
  await clock.advance('12s')
  expect(consumer.status().health.reasons).toMatchObject([{ code: 'stalled', topic: 't.retry.1h' }])
  hung.calls[0]?.end()
  await clock.advance('5m')
  expect(consumer.status().health).toEqual({ status: 'healthy', reasons: [] })
})

test('an idle topic is healthy for ever', async () => {
  const { broker, clock, consumer, events } = await onBroker(TIMES, 3)
  broker.produce('t', values(0, 5))
  await clock.advance('3h')
  expect(consumer.status().health).toEqual({ status: 'healthy', reasons: [] })
  expect(events('health:changed')).toHaveLength(1)
})

test('brokers that answer nothing any more are found within the session time-out and a second', async () => {
  const { driver, clock, consumer, events } = await gated()
  await clock.advance('1m')
  driver.answers.isAnswering = false
  await clock.advance(5_999)
  expect(statusOf(consumer)).toBe('healthy')
  await clock.advance(1_001)
  expect(codes(consumer)).toEqual(['silent'])
  driver.answers.isAnswering = true
  await clock.advance(500)
  expect(events('health:changed').map(({ to }) => to)).toEqual(['healthy', 'unhealthy', 'healthy'])
})

test('one leader that answers nothing is found while others answer, unless its partition is not asked for', async () => {
  const { driver, clock, consumer } = await gated({}, 3)
  consumer.pause('t', 2)
  await clock.advance('1m')
  for (const name of ['t/1', 't/2']) driver.answers.unanswered.add(name)
  await clock.advance('7s')
  expect(consumer.status().health.reasons).toMatchObject([{ code: 'silent', partition: 1 }])
  await clock.advance(400)
  consumer.resume('t', 2)
  await clock.advance('5900ms')
  expect(codes(consumer)).toEqual(['silent'])
  await clock.advance('1100ms')
  expect(consumer.status().health.reasons).toMatchObject([{ partition: 1 }, { partition: 2 }])
})

test('a group that answers a join late is not silent before that may be', async () => {
  const { driver, clock, consumer } = await gated()
  await clock.advance('1m')
  driver.answers.isAnswering = false
  driver.answers.isJoining = true
  await clock.advance('25s')
  expect(statusOf(consumer)).toBe('healthy')
  await clock.advance('2s')
  expect(codes(consumer)).toEqual(['silent'])
})

test('time in which the event loop did not turn is not held against the brokers, or the handlers', async () => {
  const { driver, epoch, clock, consumer, events } = await gated({ maxPollIntervalMs: 5_000 })
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.advance('3s')
  driver.answers.isAnswering = false
  const { now } = clock
  Object.assign(clock, { now: () => now() + 3_600_000 })
  await clock.advance('1s')
  driver.answers.isAnswering = true
  await clock.advance('4s')
  expect(codes(consumer)).not.toContain('silent')
  expect(codes(consumer)).not.toContain('stalled')
  expect(events('health:changed').map(({ to }) => to)).not.toContain('unhealthy')
})

test('a member that was lost is degraded while it may come back, and unhealthy after that', async () => {
  const { driver, clock, consumer } = await gated()
  driver.sink.lost('the session timed out')
  await clock.advance('1s')
  expect(consumer.status().health).toMatchObject({ status: 'degraded', reasons: [{ code: 'not-a-member' }] })
  await clock.advance('20s')
  expect(statusOf(consumer)).toBe('unhealthy')
  driver.assign([{ topic: 't', partition: 0 }], 2)
  expect(statusOf(consumer)).toBe('healthy')
})

test('commits without an answer degrade it, and are unhealthy when that lasts; an answer ends it', async () => {
  const { driver, epoch, clock, consumer } = await onScript({ ...TIMES, commitInterval: { records: 1, ms: 100 } })
  driver.answerWith = 'unknown'
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  expect(statusOf(consumer)).toBe('healthy')
  await clock.advance('2s')
  expect(consumer.status().health).toMatchObject({ status: 'degraded', reasons: [{ code: 'commit-failing' }] })
  await clock.advance('6s')
  expect(statusOf(consumer)).toBe('unhealthy')
  driver.answerWith = 'ok'
  await clock.advance('11s')
  expect(consumer.status().health).toEqual({ status: 'healthy', reasons: [] })
})

test('an answer between two looks begins the time of failing commits anew', async () => {
  const { driver, epoch, clock, consumer, events } = await onScript({
    ...TIMES,
    commitInterval: { records: 1, ms: 10 },
  })
  driver.answerWith = 'unknown'
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.advance('2s')
  driver.answerWith = 'ok'
  while (events('commit:ok').length === 0) await clock.advance(10)
  driver.answerWith = 'unknown'
  driver.sink.batch(batchOf(epoch, [1]))
  await clock.advance('5s')
  expect(events('commit:ok')).toHaveLength(1)
  expect(consumer.status().health).toMatchObject({ status: 'degraded', reasons: [{ code: 'commit-failing' }] })
})

test('commits do not fail any more when what they were for has gone to another member', async () => {
  const { driver, epoch, clock, consumer } = await onScript({ ...TIMES, commitInterval: { records: 1, ms: 100 } }, 2)
  driver.answerWith = 'unknown'
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.advance('2s')
  expect(codes(consumer)).toEqual(['commit-failing'])
  driver.assign([{ topic: 't', partition: 1 }], 2)
  await clock.advance('11s')
  expect(consumer.status().health).toEqual({ status: 'healthy', reasons: [] })
})

test('a run that fails is unhealthy, and a consumer that has stopped looks no more', async () => {
  const { driver, clock, consumer, events } = await gated()
  const failure = Object.assign(new Error('gone'), { retryable: false })
  driver.sink.crashed(failure as never, false)
  await clock.advance('1m')
  expect(consumer.status().health).toMatchObject({ status: 'unhealthy', reasons: [{ code: 'failed' }] })
  expect(events('health:changed').at(-1)).toMatchObject({ to: 'unhealthy' })
  expect(clock.pendingTimers).toBe(0)
})

test('a run can fail with anything, and health tells of it', async () => {
  const driver = new ScriptedDriver()
  driver.onStart = () => Promise.reject(Object.create(null))
  const { start, clock, consumer } = rig({ driver: driver.factory })
  start()
  await clock.settle()
  expect(consumer.status().health).toMatchObject({ status: 'unhealthy', reasons: [{ code: 'failed' }] })
})
