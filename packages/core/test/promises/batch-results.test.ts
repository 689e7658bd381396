import { expect, test } from 'vitest'
import { type FakeBroker, fakeBroker } from '../../../testing/src/fake-driver.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { type BatchHandlerContext, on } from '../../src/pipeline/handler.ts'
import { readDeadLetter } from '../../src/pipeline/read-dead-letter.ts'
import { Fatal } from '../../src/policy/verdicts.ts'
import { onBroker, onScript, type Rig, rig, values } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'
import { recordingLogger } from '../support/silent-logger.ts'

type Handle = (records: readonly ConsumerRecord[], context: BatchHandlerContext) => unknown

/** The offsets of each call, with the attempt. */
function noting(handle: Handle): {
  readonly calls: [attempt: number, ...number[]][]
  readonly handlers: [ReturnType<typeof on>]
} {
  const calls: [number, ...number[]][] = []
  const handler = on('t', { batch: true }, (records, context) => {
    calls.push([context.attempt, ...records.map(({ offset }) => offset)])
    return handle(records, context)
  })
  return { calls, handlers: [handler] }
}

const settledOffsets = ({ events }: Rig): number[] => events('record:settled').map(({ offset }) => offset)
const failure = new Error('no')

function fail(error: Error): never {
  throw error
}

for (const [form, answer] of [
  ['an Error', async () => failure],
  ['a rejected entry of allSettled', async () => (await Promise.allSettled([Promise.reject(failure)]))[0]],
] as const) {
  test(`${form} in the answer fails its record alone, and half a batch succeeds`, async () => {
    const { calls, handlers } = noting(async (records, { attempt }) =>
      Promise.all(records.map(({ offset }) => (attempt === 1 && offset % 2 === 1 ? answer() : 'stored'))),
    )
    const rig = await onBroker({ handlers })
    rig.broker.produce('t', values(0, 4))
    await rig.clock.settle()
    expect(settledOffsets(rig)).toEqual([0, 2])
    await rig.clock.advance('10s')
    expect(calls).toEqual([
      [1, 0, 1, 2, 3],
      [2, 1, 3],
    ])
    expect(settledOffsets(rig)).toEqual([0, 2, 1, 3])
    expect(rig.events('attempt:failed')).toMatchObject([{ offset: 1, records: 2, error: failure, attempt: 1 }])
    expect(rig.broker.committed('t', 0)).toBe(4)
  })
}

test('a partition halts at the first record whose own attempts are used up; those that succeeded are not tried again', async () => {
  const { calls, handlers } = noting((records) =>
    records.map(({ offset }) => (offset === 1 || offset === 2 ? failure : undefined)),
  )
  const rig = await onBroker({ handlers, maxAttempts: 2 })
  rig.broker.produce('t', values(0, 4))
  await rig.clock.advance('1m')
  expect(calls).toEqual([
    [1, 0, 1, 2, 3],
    [2, 1, 2],
  ])
  expect(rig.events('partition:halted')).toMatchObject([{ offset: 1, error: { details: { offset: 1 } } }])
  expect(rig.broker.committed('t', 0)).toBe(1)
})

test('an array that is no list of results settles the batch, and one that names failures must fit it', async () => {
  let answer: unknown[] = ['a row', 'another', 'a third']
  const { calls, handlers } = noting(() => answer)
  const rig = await onBroker({ handlers, maxAttempts: 1 })
  rig.broker.produce('t', values(0, 2))
  await rig.clock.settle()
  expect(settledOffsets(rig)).toEqual([0, 1])
  answer = [undefined, failure, undefined]
  rig.broker.produce('t', values(2, 4))
  await rig.clock.settle()
  expect(calls).toHaveLength(2)
  const [{ error } = { error: undefined }] = rig.events('partition:halted')
  expect(error?.cause).toMatchObject({ code: 'HF_BATCH_RESULT_INVALID', cause: failure })
  expect(error?.message).toMatch(/3 results for 2 records, so the failure at index 1 belongs to none of them/)
})

test('what a handler settles is committed while it runs, and not tried again when it throws', async () => {
  const end = Promise.withResolvers<void>()
  const settles: BatchHandlerContext['settle'][] = []
  const { calls, handlers } = noting(async (_, { attempt, settle }) => {
    settles.push(settle)
    if (attempt > 1) return
    await end.promise
    throw failure
  })
  const rig = await onScript({ handlers })
  rig.driver.sink.batch(batchOf(rig.epoch, [0, 1, 2, 3]))
  await rig.clock.settle()
  for (const offset of [0, 2, 0]) settles[0]?.({ offset })
  await rig.clock.advance('1s')
  expect(rig.driver.requests.map(({ offset }) => offset)).toEqual([1])
  expect(settledOffsets(rig)).toEqual([0, 2])
  end.resolve()
  await rig.clock.advance('1s')
  expect(calls).toEqual([
    [1, 0, 1, 2, 3],
    [2, 1, 3],
  ])
  await rig.clock.advance('2s')
  expect(rig.driver.requests.at(-1)?.offset).toBe(4)
})

test('settling what the batch does not have is an error that names it', async () => {
  const { handlers } = noting((_, context) => context.settle({ offset: 77 }))
  const rig = await onBroker({ handlers, maxAttempts: 1 })
  rig.broker.produce('t', values(0, 2))
  await rig.clock.settle()
  const [{ error } = { error: undefined }] = rig.events('partition:halted')
  expect(error?.cause).toMatchObject({ code: 'HF_BATCH_RESULT_INVALID', details: { offset: 77 } })
})

test('what an attempt settles after it has ended, or after its epoch has, does not count', async () => {
  const contexts: BatchHandlerContext[] = []
  const { handlers } = noting((_, context) => {
    contexts.push(context)
    if (context.attempt === 1) throw failure
    return new Promise(() => undefined)
  })
  const rig = await onScript({ handlers })
  rig.driver.sink.batch(batchOf(rig.epoch, [0, 1]))
  await rig.clock.advance('1s')
  expect(contexts).toHaveLength(2)
  contexts[0]?.settle({ offset: 0 })
  expect(settledOffsets(rig)).toEqual([])
  rig.driver.sink.lost('gone')
  contexts[1]?.settle({ offset: 0 })
  await rig.clock.advance('10s')
  expect(settledOffsets(rig)).toEqual([])
  expect(rig.driver.requests).toEqual([])
})

test('a handler that throws when it has settled everything is told, and nothing is tried again', async () => {
  const { logger, lines } = recordingLogger()
  const { calls, handlers } = noting((records, context) => {
    for (const record of records) context.settle(record)
    throw failure
  })
  const rig = await onBroker({ handlers, maxAttempts: 1, logger })
  rig.broker.produce('t', values(0, 2))
  await rig.clock.advance('10s')
  expect(calls).toHaveLength(1)
  expect(rig.events('attempt:failed')).toMatchObject([{ error: failure, records: 0 }])
  expect(rig.events('partition:halted')).toEqual([])
  expect(rig.broker.committed('t', 0)).toBe(2)
  expect(lines.map(({ message }) => message)).toContain('handler failed after it had settled its whole batch')
})

/** Stores the first record at once, and the others never: they give up when they are told to. */
const storesFirst: Handle = (records, { signal }) => {
  const aborted = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  return Promise.allSettled(records.map(({ offset }) => (offset === 0 ? 'stored' : aborted)))
}

const START_MS = Date.UTC(2026, 0, 1)

/** Three records were given to a handler, and may fail once before they are dead. */
async function underWay(handle: Handle, options: object = {}, prepare: (broker: FakeBroker) => void = () => undefined) {
  const broker = fakeBroker()
  for (const topic of ['t', 't.dead']) broker.createTopic(topic)
  const { calls, handlers } = noting(handle)
  const made = rig({ driver: broker.driver(), handlers, maxAttempts: 1, deadLetterTopic: 't.dead', ...options })
  made.start()
  await made.clock.settle()
  prepare(broker)
  broker.produce('t', values(0, 3))
  await made.clock.settle()
  return { ...made, broker, calls }
}

test('what a stop makes fail stays open and is no dead letter; what is done is committed', async () => {
  const { broker, clock, consumer } = await underWay(storesFirst)
  const stopped = consumer.stop({ timeoutMs: 100 })
  await clock.advance('10s')
  await stopped
  expect(broker.records('t.dead')).toEqual([])
  expect(broker.committed('t', 0)).toBe(1)
})

test('of an epoch that has ended no record of a batch is a dead letter', async () => {
  let isLost = false
  const { broker, clock, calls } = await underWay((...call) => (isLost ? undefined : storesFirst(...call)))
  isLost = true
  broker.lose()
  await clock.advance('10s')
  expect(broker.records('t.dead')).toEqual([])
  expect(calls).toEqual([
    [1, 0, 1, 2],
    [1, 0, 1, 2],
  ])
  expect(broker.committed('t', 0)).toBe(3)
})

test('each record of a batch has attempts of its own, whether it fails with the others or alone', async () => {
  const { broker, clock, calls } = await underWay(
    (records, { attempt }) => {
      if (attempt === 1) throw failure
      return records.map(({ offset }) => (offset === 0 ? undefined : failure))
    },
    { maxAttempts: 2 },
  )
  await clock.advance('10s')
  expect(calls).toEqual([
    [1, 0, 1, 2],
    [2, 0, 1, 2],
  ])
  const letters = broker.records('t.dead').map((record) => readDeadLetter(record))
  expect(letters).toMatchObject([1, 2].map((offset) => ({ source: { offset }, attempts: 2 })))
  for (const letter of letters) expect(letter?.firstFailure.getTime()).toBe(START_MS)
})

test('a record that waits beside a letter goes on with the attempt that it was at', async () => {
  const { broker, clock, calls } = await underWay(
    (records, { attempt }) =>
      records.map(({ offset }) => (offset === 0 ? new Fatal('no') : attempt === 1 ? failure : undefined)),
    { maxAttempts: 3 },
    (made) => made.failProduces(new HoldfastError('HF_BROKER_UNREACHABLE', 'no broker answers.')),
  )
  await clock.advance('10s')
  expect(calls).toEqual([
    [1, 0, 1, 2],
    [2, 1, 2],
  ])
  expect(broker.committed('t', 0)).toBe(3)
})

test('entries that are promises are awaited, each for its record', async () => {
  const ends: Promise<void> = new Promise((resolve) => setImmediate(resolve))
  const { broker, clock, events, calls } = await underWay((records, { attempt }) =>
    attempt > 1 ? undefined : records.map(({ offset }) => (offset === 1 ? ends.then(() => fail(failure)) : ends)),
  )
  await clock.advance('10s')
  expect(broker.records('t.dead').map(({ value }) => String(value))).toEqual(['1'])
  expect(events('record:dead')).toMatchObject([{ offset: 1, error: failure }])
  expect([calls, broker.committed('t', 0)]).toEqual([[[1, 0, 1, 2]], 3])
})
