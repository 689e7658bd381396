import { expect, test } from 'vitest'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, onScript, rig, values } from '../support/harness.ts'
import { batchOf, ScriptedDriver } from '../support/scripted-driver.ts'
import { recordingLogger } from '../support/silent-logger.ts'

test('status before, during and after a run', async () => {
  const idle = rig({ driver: new ScriptedDriver().factory })
  expect(idle.consumer.status()).toMatchObject({
    state: 'idle',
    health: { status: 'starting' },
    partitions: [],
    generationId: undefined,
  })
  const { broker, clock, consumer } = await onBroker({}, 2)
  broker.produce('t', values(0, 3))
  await clock.advance('2s')
  expect(consumer.status()).toMatchObject({
    state: 'running',
    health: { status: 'healthy', reasons: [] },
    memberId: 'member-0001',
    generationId: 1,
    slots: { concurrency: 10, busy: 0, ahead: 0, idleByOrder: 0 },
    partitions: [
      {
        topic: 't',
        partition: 0,
        phase: 'active',
        committed: 3,
        committable: 3,
        logEnd: 3,
        lag: 0,
        open: 0,
        settledAhead: 0,
        skippedDoneAhead: 0,
        heldRecords: 0,
        heldBytes: 0,
      },
      { topic: 't', partition: 1, committed: -1 },
    ],
  })
  await consumer.stop()
  expect(consumer.status()).toMatchObject({ state: 'stopped', partitions: [] })
})

test('it tells slots that idle because the records that wait have too few keys', async () => {
  const gate = new Gate()
  const { broker, clock, consumer } = await onBroker({ order: 'key', handlers: [on('t', gate.handle)] })
  const idle = (): number => consumer.status().slots.idleByOrder
  broker.produce(
    't',
    Array.from({ length: 20 }, (_, index) => ({ key: index < 18 ? 'hot' : 'cold', value: String(index) })),
  )
  await clock.settle()
  expect([consumer.status().slots, idle()]).toEqual([{ concurrency: 10, busy: 2, ahead: 0, idleByOrder: 8 }, 8])
  for (let ended = 0; ended < 17; ended += 1) {
    for (const call of gate.calls) call.end()
    await clock.settle()
  }
  expect(consumer.status().slots).toEqual({ concurrency: 10, busy: 1, ahead: 0, idleByOrder: 0 })
})

test('the oldest open offset has the age of its fetch, and gives way to the next one', async () => {
  const gate = new Gate()
  const { driver, epoch, clock, consumer } = await onScript({ order: 'none', handlers: [on('t', gate.handle)] })
  const oldest = () => consumer.status().partitions[0]?.oldestOpen
  expect(oldest()).toBeUndefined()
  driver.sink.batch(batchOf(epoch, [4, 5]))
  await clock.advance('3s')
  driver.sink.batch(batchOf(epoch, [6]))
  await clock.advance('2s')
  expect(oldest()).toEqual({ offset: 4, ageMs: 5_000 })
  for (const call of gate.calls.slice(0, 2)) call.end()
  await clock.settle()
  expect(oldest()).toEqual({ offset: 6, ageMs: 2_000 })
})

test('no log line shows a payload or a key, at any level', async () => {
  const { logger, lines } = recordingLogger()
  const fail = (): void => {
    throw new Error('no')
  }
  const handlers = [
    on('t', (_record, context) => {
      context.logger.info({}, 'from the handler')
      fail()
    }),
  ]
  const { broker, clock, consumer } = await onBroker({ logger, handlers, maxAttempts: 2 })
  broker.produce('t', { key: 'hunter2-key', value: 'hunter2-value' })
  await clock.advance('2s')
  await consumer.stop()
  const text = JSON.stringify(lines, (_name, value) => (value instanceof Error ? `${value.stack}` : value))
  expect(text).toContain('from the handler')
  expect(text).toContain('keyHash')
  expect(text).not.toContain('hunter2')
})
