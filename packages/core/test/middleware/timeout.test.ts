import { expect, test } from 'vitest'
import { createFakeClock } from '../../../testing/src/fake-clock.ts'
import { timeout } from '../../src/middleware/timeout.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, values } from '../support/harness.ts'

const ONCE = { maxAttempts: 1 }

test('what honours its signal fails with the time-out, well before the deadline of the attempt', async () => {
  const handler = on('t', { use: [timeout(1_000)] }, async (_record, { signal }) => {
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  const { broker, clock, events } = await onBroker({ ...ONCE, handlers: [handler] })
  broker.produce('t', values(0, 1))
  await clock.advance('999ms')
  expect(events('attempt:failed')).toEqual([])
  await clock.advance('1ms')
  expect(events('attempt:failed')).toMatchObject([
    { error: { code: 'HF_MIDDLEWARE_TIMEOUT', retryable: true, details: { offset: 0, ms: 1_000, attempt: 1 } } },
  ])
  expect(events('attempt:late')).toEqual([])
  expect(broker.committed('t', 0)).toBe(-1)
})

test('what ignores its signal keeps its key until it comes back, and has failed then, with whatever result', async () => {
  const gate = new Gate<ConsumerRecord>()
  const { broker, clock, events } = await onBroker({ use: [timeout(1_000)], handlers: [on('t', gate.handle)] })
  broker.produce('t', values(0, 2))
  await clock.advance('30s')
  expect(gate.calls.map(({ input, signal }) => [input.offset, signal.aborted])).toEqual([[0, true]])
  expect(events('attempt:failed')).toEqual([])
  gate.calls[0]?.end()
  await clock.advance('1s')
  expect(events('attempt:failed')).toMatchObject([{ offset: 0, error: { code: 'HF_MIDDLEWARE_TIMEOUT' } }])
  expect(gate.calls.map(({ input }) => input.offset)).toEqual([0, 0])
})

test('what ends in time is left alone', async () => {
  const deadlines: Date[] = []
  const handler = on('t', (_record, { deadline }) => void deadlines.push(deadline))
  const made = await onBroker({ use: [timeout(1_000)], handlers: [handler] })
  const { broker, clock, events } = made
  broker.produce('t', values(0, 3))
  await clock.advance('2s')
  expect(events('attempt:failed')).toEqual([])
  expect(broker.committed('t', 0)).toBe(3)
  expect(deadlines[0]).toEqual(new Date(Date.UTC(2026, 0, 1) + 1_000))
})

test('one within another ends at its time, whatever becomes of the wall clock', async () => {
  const inner = createFakeClock()
  let jumpedMs = 0
  const clock = { ...inner, pendingTimers: 0, wallNow: () => inner.wallNow() + jumpedMs }
  const gate = new Gate<ConsumerRecord>()
  const handlers = [on('t', { use: [timeout(5_000)] }, gate.handle)]
  const { broker } = await onBroker({ use: [timeout(60_000)], handlers, clock })
  await inner.settle()
  broker.produce('t', values(0, 1))
  await inner.advance('1s')
  expect(gate.calls.map(({ signal }) => signal.aborted)).toEqual([false])
  jumpedMs = -3_600_000
  await inner.advance('5s')
  expect(gate.calls.map(({ signal }) => signal.aborted)).toEqual([true])
})

test('a timer does not outlast its attempt', async () => {
  const { broker, clock, consumer } = await onBroker({ use: [timeout(3_600_000)] })
  broker.produce('t', values(0, 3))
  await clock.advance('2s')
  await consumer.stop()
  expect(clock.pendingTimers).toBe(0)
})

test('its time is not the error of a handler that failed before', async () => {
  const fail = (): never => {
    throw new Error('no')
  }
  const { broker, clock, events } = await onBroker({ ...ONCE, use: [timeout(1_000)], handlers: [on('t', fail)] })
  broker.produce('t', values(0, 1))
  await clock.advance('5s')
  expect(events('attempt:failed')).toMatchObject([{ error: { message: 'no' } }])
})

test.each([0, -1, 1.5, Number.NaN, 2 ** 31, '5' as unknown as number])('timeout(%s) is refused', (ms) => {
  expect(() => timeout(ms)).toThrow(expect.objectContaining({ code: 'HF_OPTION_INVALID' }))
})
