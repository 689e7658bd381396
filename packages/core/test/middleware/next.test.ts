import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { declareMiddleware, type Middleware } from '../../src/pipeline/middleware.ts'
import { Gate, onBroker, onScript, values } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'
import { recordingLogger } from '../support/silent-logger.ts'

const ONCE = { maxAttempts: 1 }
test('next twice is refused, runs nothing, and fails the attempt even where the refusal is swallowed', async () => {
  const seen: number[] = []
  const refusals: unknown[] = []
  const twice: Middleware = async (_call, next) => {
    await next()
    await next().catch((error: unknown) => refusals.push(error))
  }
  const handlers = [on('t', ({ offset }) => void seen.push(offset))]
  const { broker, clock, events } = await onBroker({ ...ONCE, use: [twice], handlers })
  broker.produce('t', values(0, 1))
  await clock.advance('2s')
  expect(seen).toEqual([0])
  expect(refusals).toMatchObject([
    {
      code: 'HF_NEXT_REFUSED',
      message: expect.stringMatching(/the middleware twice of t called next twice at t\/0@0/),
    },
  ])
  expect(events('attempt:failed')).toMatchObject([{ error: { code: 'HF_NEXT_REFUSED' } }])
  expect(broker.committed('t', 0)).toBe(-1)
})

test('next after the middleware has returned is refused, runs nothing, and is told', async () => {
  const seen: number[] = []
  const refusals: unknown[] = []
  const { logger, lines } = recordingLogger()
  const late: Middleware = ({ clock }, next) => {
    clock.setTimer(() => void next().catch((error: unknown) => refusals.push(error)), 1_000)
  }
  const handlers = [on('t', ({ offset }) => void seen.push(offset))]
  const { broker, clock } = await onBroker({ use: [late], handlers, logger })
  broker.produce('t', values(0, 1))
  await clock.advance('2s')
  expect(seen).toEqual([])
  expect(refusals).toMatchObject([{ code: 'HF_NEXT_REFUSED', details: { topic: 't', partition: 0, offset: 0 } }])
  expect(lines.filter(({ level }) => level === 'error')).toMatchObject([
    { message: 'a middleware called next too late', fields: { code: 'HF_NEXT_REFUSED' } },
  ])
})

test('a middleware that says that it awaits next is taken at its word, and refused a second time like any other', async () => {
  const answers: unknown[] = []
  const awaiting: Middleware = async ({ record }, next) => {
    answers.push(await next().catch(({ message }: Error) => message))
    if (record.offset === 2) await next()
  }
  const handlers = [
    on('t', ({ offset }) => {
      if (offset === 1) throw new Error('no')
      return offset
    }),
  ]
  const use = [declareMiddleware(awaiting, { awaitsNext: true })]
  const { broker, clock, events } = await onBroker({ ...ONCE, use, handlers })
  broker.produce('t', values(0, 3))
  await clock.advance('2s')
  expect(answers).toEqual([0, 'no', 2])
  expect(events('attempt:failed')).toMatchObject([{ offset: 2, error: { code: 'HF_NEXT_REFUSED' } }])
  expect(broker.committed('t', 0)).toBe(2)
})

test('after the attempt was told to end next begins nothing', async () => {
  const seen: number[] = []
  const slow: Middleware = async ({ clock }, next) => {
    await new Promise<void>((resolve) => void clock.setTimer(resolve, 5_000))
    return next()
  }
  const handlers = [on('t', ({ offset }) => void seen.push(offset))]
  const { driver, clock, epoch, events } = await onScript({ use: [slow], handlers })
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  driver.sink.lost('the session timed out')
  await clock.advance('10s')
  expect(seen).toEqual([])
  expect(events('attempt:stale')).toHaveLength(1)
})

test('a signal and a deadline that it narrows are what the handler sees, and the outer abort reaches it too', async () => {
  const own = new AbortController()
  const deadline = new Date(Date.UTC(2026, 0, 1) + 5_000)
  const contexts: { signal: AbortSignal; deadline: Date }[] = []
  const inner: { signal: AbortSignal; deadline: Date }[] = []
  const narrow: Middleware = (_call, next) => next({ signal: own.signal, deadline })
  const widen: Middleware = (call, next) => {
    inner.push(call)
    return next({ deadline: new Date(8.64e15) })
  }
  const gate = new Gate<ConsumerRecord>()
  const handler = on('t', (record, context) => {
    contexts.push(context)
    return gate.handle(record, context)
  })
  const { driver, clock, epoch } = await onScript({ use: [narrow, widen], handlers: [handler] }, 1)
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  expect(contexts[0]?.deadline).toEqual(deadline)
  expect(inner[0]?.deadline).toEqual(deadline)
  expect(contexts[0]?.signal.aborted).toBe(false)
  driver.sink.lost('the session timed out')
  expect(contexts[0]?.signal.reason).toMatchObject({ code: 'HF_ABORTED', details: { reason: 'lost' } })
  expect(own.signal.aborted).toBe(false)
})

test.each<[string, Middleware, number]>([
  ['that answers nothing leaves what the handler answered', async (_call, next) => void (await next()), 0],
  ['that answers by itself decides', async (_call, next) => [await next()], 2],
  ['can fail one record of a batch', ({ records }) => records.map((_, at) => (at === 1 ? new Error('no') : 'ok')), 1],
])('of a batch handler, one %s', async (_name, use, committed) => {
  const answer = (records: readonly ConsumerRecord[]): unknown[] =>
    records.map((_, at) => (at === 0 ? new Error('no') : undefined))
  const handlers = [on('t', { batch: true }, answer)]
  const { broker, clock } = await onBroker({ ...ONCE, use: [use], handlers, order: 'none' })
  broker.produce('t', values(0, 2))
  await clock.advance('2s')
  expect(Math.max(0, broker.committed('t', 0))).toBe(committed)
})
