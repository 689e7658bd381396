import PQueue from 'p-queue'
import { expect, test } from 'vitest'
import type { FakeClock } from '../../../testing/src/fake-clock.ts'
import { createFakeClock } from '../../../testing/src/fake-clock.ts'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import type { CallContext } from '../../src/pipeline/call-context.ts'
import { type HandlerDefinition, on } from '../../src/pipeline/handler.ts'
import { skip } from '../../src/policy/failure-policy.ts'
import { RetryLater, Skip } from '../../src/policy/verdicts.ts'
import { type Rig, rig } from '../support/harness.ts'
import { type LogLine, recordingLogger } from '../support/silent-logger.ts'

type Handle = () => Promise<void> | void

const PARTITIONS = 4
const RECORDS = 20_000
const AUTO = { concurrency: 'auto', maxConcurrency: 40 } as const

const elapse = (clock: FakeClock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.setTimer(resolve, ms))

/** A consumer with much to do; `handler` makes what its records are handled with. */
async function busy(
  handler: (clock: FakeClock) => Handle | HandlerDefinition,
  options: Partial<ConsumerOptions>,
): Promise<Rig> {
  const clock = createFakeClock({ turns: 2 })
  const broker = fakeBroker()
  broker.createTopic('t', PARTITIONS)
  broker.produce(
    't',
    Array.from({ length: RECORDS }, (_, index) => ({ value: '', partition: index % PARTITIONS })),
  )
  const handle = handler(clock)
  const handlers = [typeof handle === 'function' ? on('t', handle) : handle]
  const made = rig({ driver: broker.driver(), order: 'none', handlers, ...options }, clock)
  made.start()
  await clock.settle()
  return made
}

const slotsOf = ({ consumer }: Rig): number => consumer.status().slots.concurrency

test('with much to do and handlers that do not slow down, all slots that are allowed are used', async () => {
  const made = await busy((clock) => () => elapse(clock, 100), AUTO)
  expect(slotsOf(made)).toBe(10)
  await made.clock.advance('7s')
  expect(made.consumer.status().slots).toMatchObject({ concurrency: 40, busy: 40 })
  expect(made.events('concurrency:changed').slice(0, 2)).toEqual([
    { from: 10, to: 20, reason: 'try more' },
    { from: 20, to: 40, reason: 'try more' },
  ])
  for (let second = 0; second < 12; second += 1) {
    await made.clock.advance('1s')
    expect(slotsOf(made)).toBeGreaterThanOrEqual(32)
  }
})

test('it finds more slots also where poll batches are no larger than the slots, since handlers take minutes', async () => {
  const made = await busy((clock) => () => elapse(clock, 90_000), { ...AUTO, maxPollRecords: 'auto' })
  await made.clock.advance('1h')
  expect(made.consumer.status().slots).toMatchObject({ concurrency: 40, busy: 40 })
  expect(made.consumer.status().partitions.map(({ maxPollRecords }) => maxPollRecords)).toEqual([10, 10, 10, 10])
})

test('where handlers slow down as more run, it settles between', async () => {
  let running = 0
  const pool = (clock: FakeClock) => async (): Promise<void> => {
    running += 1
    await elapse(clock, 50 * Math.max(1, running / 16))
    running -= 1
  }
  const made = await busy(pool, AUTO)
  await made.clock.advance('20s')
  for (let second = 0; second < 15; second += 1) {
    await made.clock.advance('1s')
    expect(slotsOf(made)).toBeGreaterThanOrEqual(12)
    expect(slotsOf(made)).toBeLessThanOrEqual(25)
  }
})

const everyFourth = <Result>(then: () => Result): (() => Result | undefined) => {
  let calls = 0
  return () => {
    calls += 1
    return calls % 4 === 0 ? then() : undefined
  }
}
const fail = (error: Error) => (): never => {
  throw error
}

test.each<[string, (clock: FakeClock) => HandlerDefinition, object]>([
  [
    'need no effect',
    (clock) => {
      const judge = everyFourth(fail(new Skip('nobody is to be told')))
      return on('t', () => elapse(clock, 100).then(judge))
    },
    {},
  ],
  [
    'do not decode',
    (clock) => on('t', { value: everyFourth(fail(new Error('no JSON'))) }, () => elapse(clock, 100)),
    { onFailure: skip('nobody needs them'), retryBackoffMs: undefined },
  ],
  [
    'have not had their turn',
    (clock) => {
      const judge = everyFourth(fail(new RetryLater(1_000, 'not now', { isAttempt: false })))
      return on('t', () => elapse(clock, 100).then(judge))
    },
    {},
  ],
])('records that %s are no failures', async (_, handler, options) => {
  const made = await busy(handler, { ...AUTO, ...options })
  await made.clock.advance('10s')
  expect(made.events('concurrency:changed').map(({ reason }) => reason)).not.toContain('failures')
  expect(slotsOf(made)).toBeGreaterThanOrEqual(32)
})

test('slots that only wait for a thread bring nothing', async () => {
  const threads = new PQueue({ concurrency: 4 })
  // As handlers in threads do.
  const inThread = (clock: FakeClock) => {
    const handle = (_: unknown, context: unknown): Promise<void> => {
      const attempt = context as CallContext
      attempt.postpone()
      return threads.add(() => {
        attempt.start('elsewhere')
        return elapse(clock, 50)
      }) as Promise<void>
    }
    return on('t', handle)
  }
  const made = await busy(inThread, AUTO)
  await made.clock.advance('20s')
  for (let second = 0; second < 15; second += 1) {
    await made.clock.advance('1s')
    expect(slotsOf(made)).toBeLessThanOrEqual(8)
  }
})

test('without work nothing changes, also where handlers are as fast as they can be', async () => {
  const idle = await busy((clock) => () => elapse(clock, 100), AUTO)
  idle.consumer.pause('t')
  await idle.clock.advance('30s')
  expect(idle.events('concurrency:changed').filter(({ reason }) => reason !== 'little work').length).toBeLessThan(3)
  const fast = await busy(() => () => undefined, AUTO)
  await fast.clock.advance('5s')
  expect([slotsOf(fast), fast.events('concurrency:changed')]).toEqual([10, []])
})

test('failures take slots away, and the log says so', async () => {
  const lines: LogLine[] = []
  const { logger } = recordingLogger(lines)
  const failing = (clock: FakeClock) => async (): Promise<void> => {
    await elapse(clock, 100)
    throw new Error('not now')
  }
  const made = await busy(failing, { ...AUTO, minConcurrency: 3, maxAttempts: 1_000, logger })
  await made.clock.advance('15s')
  expect(slotsOf(made)).toBe(3)
  expect(made.events('concurrency:changed').at(0)).toEqual({ from: 10, to: 7, reason: 'failures' })
  expect(lines).toContainEqual({
    level: 'info',
    message: 'number of slots changed',
    fields: { groupId: 'g', from: 10, to: 7, reason: 'failures' },
  })
})

test('setConcurrency fixes the number, and auto lets it move again from there', async () => {
  const made = await busy((clock) => () => elapse(clock, 100), AUTO)
  await made.clock.advance('3s')
  made.consumer.setConcurrency(7)
  await made.clock.advance('10s')
  expect(made.consumer.status().slots).toMatchObject({ concurrency: 7, busy: 7 })
  expect(made.events('concurrency:changed').at(-1)).toMatchObject({ to: 7, reason: 'set' })
  expect(() => made.consumer.setConcurrency('all' as 'auto')).toThrow(/HF_OPTION_INVALID: concurrency = 'all'/)
  made.consumer.setConcurrency('auto')
  await made.clock.advance('15s')
  expect(made.events('concurrency:changed')).toContainEqual({ from: 28, to: 40, reason: 'try more' })
})

test('a number leaves no timer behind, and neither does auto after stop', async () => {
  const clock = createFakeClock()
  const broker = fakeBroker()
  broker.createTopic('t')
  const made = rig({ driver: broker.driver(), ...AUTO }, clock)
  made.start()
  await clock.advance('3s')
  const stopped = made.consumer.stop()
  await clock.advance('3s')
  await stopped
  expect(clock.pendingTimers).toBe(0)
})
