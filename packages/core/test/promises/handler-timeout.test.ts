import { expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, onScript, rig, values } from '../support/harness.ts'
import { batchOf, ScriptedDriver } from '../support/scripted-driver.ts'

const TIMES = { maxPollIntervalMs: 60_000, handlerTimeoutMs: 10_000, concurrency: 1 }

/** A handler whose first call never ends and ignores its signal; the others end at once. */
const stuckOnce = () => {
  const calls: { readonly offset: number; readonly partition: number; end: () => void }[] = []
  const handler = on('t', ({ offset, partition }) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    calls.push({ offset, partition, end: resolve })
    return calls.length === 1 ? promise : undefined
  })
  return { calls, handlers: [handler] }
}
const seen = (calls: readonly { offset: number; partition: number }[]): string[] =>
  calls.map(({ partition, offset }) => `${partition}@${offset}`)

test('by default a handler that ignores its signal keeps its key and its slot, is told, and nothing is committed past it', async () => {
  const { calls, handlers } = stuckOnce()
  const { broker, clock, events, consumer } = await onBroker({ handlers, ...TIMES, concurrency: 2 }, 2)
  broker.produce('t', [...values(0, 2), ...values(0, 2, 1)])
  await clock.advance('5m')
  expect(seen(calls)).toEqual(['0@0', '1@0', '1@1'])
  expect(events('attempt:late').map(({ rung }) => rung)).toEqual(['warn', 'abort', 'ignored', 'pause'])
  expect([broker.committed('t', 0), broker.committed('t', 1)]).toEqual([-1, 2])
  expect(consumer.status()).toMatchObject({
    late: { attempts: { warn: 1, pause: 1, abort: 1, ignored: 1 }, polls: { warn: 0, pause: 0, overrun: 0 } },
    remaining: 0,
  })
  expect(consumer.status().slots).toMatchObject({ concurrency: 2, busy: 1 })
  expect(consumer.status().partitions[0]?.deadline?.remaining).toBe(0)
  calls[0]?.end()
  await clock.advance('2s')
  expect(broker.committed('t', 0)).toBe(2)
})

test('halt: the partition halts at the time-out, another slot takes its place, and others go on', async () => {
  const { calls, handlers } = stuckOnce()
  const { broker, clock, events, consumer } = await onBroker({ handlers, ...TIMES, onHandlerTimeout: 'halt' }, 2)
  broker.produce('t', [...values(0, 2), ...values(0, 2, 1)])
  await clock.advance('9s')
  expect(seen(calls)).toEqual(['0@0'])
  await clock.advance('3s')
  expect(events('partition:halted')).toMatchObject([{ partition: 0, offset: 0, error: { code: 'HF_HANDLER_TIMEOUT' } }])
  expect(consumer.status().health).toMatchObject({ status: 'unhealthy' })
  expect(seen(calls)).toEqual(['0@0', '1@0', '1@1'])
  expect(broker.committed('t', 0)).toBe(-1)
  expect(consumer.status().slots).toMatchObject({ concurrency: 1, busy: 1 })
  calls[0]?.end()
  await clock.advance('2s')
  expect(consumer.status().slots).toMatchObject({ concurrency: 1, busy: 0 })
  // It is done after all, which is the truth, and nothing past it runs.
  expect(broker.committed('t', 0)).toBe(1)
  expect(events('partition:halted')).toHaveLength(1)
})

test('halt: a handler that fails by its signal leaves its record where the partition stands, and no dead letter', async () => {
  const broker = fakeBroker()
  for (const topic of ['t', 't.dead']) broker.createTopic(topic)
  const handler = on('t', (_, { signal }) => {
    const { promise, reject } = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => reject(signal.reason))
    return promise
  })
  const { start, clock, events, consumer } = rig({
    ...{ driver: broker.driver(), handlers: [handler], ...TIMES, onHandlerTimeout: 'halt' as const },
    ...{ deadLetterTopic: 't.dead', maxAttempts: 1 },
  })
  start()
  await clock.settle()
  broker.produce('t', values(0, 2))
  await clock.advance('20s')
  expect(events('partition:halted')).toMatchObject([{ offset: 0, error: { code: 'HF_HANDLER_TIMEOUT' } }])
  expect(broker.records('t.dead')).toEqual([])
  expect(broker.committed('t', 0)).toBe(-1)
  expect(consumer.status()).toMatchObject({ dead: 0, slots: { busy: 0 } })
})

test('release: the epoch ends without a commit, the group assigns the partition anew, and what comes back late does not count', async () => {
  const { calls, handlers } = stuckOnce()
  const { broker, clock, events, consumer } = await onBroker({ handlers, ...TIMES, onHandlerTimeout: 'release' })
  broker.produce('t', values(0, 2))
  await clock.advance('15s')
  expect(events('group:lost')).toMatchObject([{ partitions: [{ topic: 't', partition: 0 }] }])
  expect(events('group:joined').map(({ added }) => added.length)).toEqual([1, 1])
  expect(seen(calls)).toEqual(['0@0', '0@0', '0@1'])
  expect(broker.committed('t', 0)).toBe(2)
  calls[0]?.end()
  await clock.advance('2s')
  expect(events('attempt:stale')).toHaveLength(1)
  expect(consumer.status()).toMatchObject({ fenced: { attempts: 1 }, slots: { concurrency: 1, busy: 0 } })
})

test('release is asked of the driver once, for the partition of the attempt alone', async () => {
  const gate = new Gate<ConsumerRecord>()
  const handlers = [on('t', gate.handle)]
  const { driver, epoch, clock } = await onScript(
    { handlers, ...TIMES, concurrency: 5, onHandlerTimeout: 'release' },
    2,
  )
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.advance('5s')
  driver.sink.batch(batchOf(epoch, [0], { partition: 1 }))
  await clock.advance('6s')
  expect(driver.calls.filter((call) => call.startsWith('release'))).toEqual(['release t/0'])
  expect(gate.calls.map(({ signal }) => signal.aborted)).toEqual([true, false])
})

test.each<[string, object, string, RegExp]>([
  [
    'a time-out longer than the interval',
    { handlerTimeoutMs: 2, maxPollIntervalMs: 1 },
    'HF_OPTION_INVALID',
    /handlerTimeoutMs = 2 must be at most maxPollIntervalMs = 1/,
  ],
  [
    'a release with at-most-once',
    { onHandlerTimeout: 'release', delivery: 'at-most-once' },
    'HF_PROMISE_CONFLICT',
    /onHandlerTimeout = "release" cannot be kept with delivery = "at-most-once"/,
  ],
])('%s is refused', (_name, options, code, message) => {
  const make = (): unknown => rig({ driver: new ScriptedDriver().factory, ...options })
  expect(make).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }))
})
