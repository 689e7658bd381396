import { expect, test } from 'vitest'
import { createConsumer } from '../../src/consumer.ts'
import { on } from '../../src/pipeline/handler.ts'
import { declareMiddleware, type Middleware } from '../../src/pipeline/middleware.ts'
import { onBroker, rig, values } from '../support/harness.ts'
import { ScriptedDriver } from '../support/scripted-driver.ts'

const once = declareMiddleware((_call, next) => next(), { provides: 'effects once' })
const plain: Middleware = (_call, next) => next()
const driver = new ScriptedDriver().factory
const exactly = { driver, groupId: 'g', delivery: 'exactly-once' } as const
const handler = (topic: string, use: readonly Middleware[] = []) => on(topic, { use }, function send() {})

test('exactly-once without anything that keeps a repeat from its effect is refused, with what to do', () => {
  expect(() => createConsumer({ ...exactly, handlers: [handler('t', [plain])] })).toThrow(
    expect.objectContaining({
      code: 'HF_PROMISE_CONFLICT',
      message: expect.stringMatching(
        /delivery = "exactly-once" cannot be kept by send: .*\n {2}Fix: use: \[idempotent\(\{ store \}\)\]/,
      ),
    }),
  )
})

test('every handler needs it, or the consumer has it', () => {
  const handlers = [handler('t', [once]), handler('u')]
  expect(() => createConsumer({ ...exactly, handlers })).toThrow(/cannot be kept by send/)
  expect(() => createConsumer({ ...exactly, handlers, use: [plain, once] })).not.toThrow()
  expect(() => createConsumer({ ...exactly, handlers: [handler('t', [once])] })).not.toThrow()
})

test('it commits as at-least-once does', async () => {
  const { broker, clock } = await onBroker({ delivery: 'exactly-once', use: [once], handlers: [handler('t')] })
  broker.produce('t', values(0, 3))
  await clock.advance('6s')
  expect(broker.committed('t', 0)).toBe(3)
})

test('middleware that has to start does so once before the consumer joins, and ends the run where it cannot', async () => {
  const started: string[] = []
  const ready = declareMiddleware(plain.bind(undefined), { start: async () => void started.push('ready') })
  const scripted = new ScriptedDriver()
  const handlers = [on('t', { use: [ready] }, () => undefined), on('u', { use: [ready] }, () => undefined)]
  const { clock, start, ended, consumer } = rig({ driver: scripted.factory, use: [ready], handlers })
  start()
  await clock.settle()
  expect(started).toEqual(['ready'])
  await consumer.stop()
  const broken = declareMiddleware(plain.bind(undefined), { start: () => Promise.reject(new Error('no table')) })
  const failing = rig({ driver: new ScriptedDriver().factory, use: [broken] })
  failing.start()
  await failing.clock.settle()
  expect(failing.ended()).toMatchObject({ message: 'no table' })
  expect(ended()).toBe('resolved')
})
