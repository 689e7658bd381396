import { expect, test, vi } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { json } from '../../src/pipeline/decoders.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, values } from '../support/harness.ts'

const failing = (
  isBad: (record: ConsumerRecord) => boolean,
  { error }: { error: unknown } = { error: new Error('no') },
) => {
  const calls: { offset: number; partition: number; attempt: number; atMs: number }[] = []
  const clock: { now?: () => number } = {}
  const handler = on('t', (record, { attempt }) => {
    calls.push({ offset: record.offset, partition: record.partition, attempt, atMs: clock.now?.() ?? 0 })
    if (isBad(record)) throw error
  })
  return { calls, clock, handlers: [handler] }
}

test('a failed record is tried again after its back-off, in order, and holds its partition back', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  const { calls, clock: times, handlers } = failing((record) => record.offset === 1 && calls.length < 5)
  const { broker, clock } = await onBroker({ handlers, retryBackoffMs: 100 })
  times.now = clock.now
  broker.produce('t', values(0, 3))
  await clock.advance('1s')
  expect(calls.map(({ offset, attempt, atMs }) => [offset, attempt, atMs])).toEqual([
    [0, 1, 0],
    [1, 1, 0],
    [1, 2, 50],
    [1, 3, 150],
    [1, 4, 350],
    [2, 1, 350],
  ])
  vi.restoreAllMocks()
})

test('when the attempts are used up the partition halts: nothing past the record runs or is committed', async () => {
  const { calls, handlers } = failing(({ partition, offset }) => partition === 0 && offset === 1)
  const { broker, clock, events, consumer } = await onBroker({ handlers, maxAttempts: 3 }, 2)
  broker.produce('t', [...values(0, 5, 0), ...values(0, 5, 1)])
  await clock.advance('1m')
  broker.produce('t', [...values(5, 9, 0), ...values(5, 9, 1)])
  await clock.advance('1m')
  expect(calls.filter(({ partition }) => partition === 0).map(({ offset }) => offset)).toEqual([0, 1, 1, 1])
  expect([broker.committed('t', 0), broker.committed('t', 1)]).toEqual([1, 9])
  expect(events('partition:halted')).toMatchObject([
    { partition: 0, offset: 1, attempt: 3, error: { code: 'HF_HANDLER_FAILED' } },
  ])
  expect(consumer.status().health).toMatchObject({ status: 'unhealthy' })
  expect(consumer.status().health.reasons).toMatchObject([
    {
      code: 'halted',
      topic: 't',
      partition: 0,
      message: expect.stringMatching(/t\/0 halted at 1 after 3 attempts.*Error: no/s),
    },
  ])
})

test('a halted partition stays halted over resume and rebalance, and starts again under a new epoch', async () => {
  const { calls, handlers } = failing(({ offset }) => offset === 1 && calls.length < 5)
  const { broker, clock, consumer } = await onBroker({ handlers, maxAttempts: 2 })
  broker.produce('t', values(0, 3))
  await clock.advance('1m')
  consumer.pause('t')
  consumer.resume('t')
  await clock.advance('1m')
  await broker.rebalance()
  await clock.advance('1m')
  expect(consumer.status().partitions[0]).toMatchObject({ phase: 'halted', pausedBy: ['halted'] })
  expect(calls).toHaveLength(3)
  broker.lose()
  await clock.advance('1m')
  expect(calls.map(({ offset, attempt }) => [offset, attempt])).toEqual([
    [0, 1],
    [1, 1],
    [1, 2],
    [1, 1],
    [1, 2],
    [2, 1],
  ])
  expect(broker.committed('t', 0)).toBe(3)
})

for (const [thrown, shown] of [
  ['a text', 'a thrown string: a text'],
  [undefined, 'a thrown undefined'],
  [null, 'a thrown null'],
  [{ some: 'object' }, 'a thrown object'],
  [Symbol('s'), 'a thrown symbol'],
  [new TypeError(''), 'TypeError'],
] as const) {
  test(`a handler may throw anything: ${shown}`, async () => {
    const { handlers } = failing(() => true, { error: thrown })
    const { broker, clock, events } = await onBroker({ handlers, maxAttempts: 2 })
    broker.produce('t', values(0, 1))
    await clock.advance('1m')
    expect(events('attempt:failed')).toHaveLength(2)
    expect(events('partition:halted')[0]?.error.message).toContain(`(${shown})`)
  })
}

test('an error that cannot even be described halts the partition and leaves the others alone', async () => {
  const hostile = new Error('x')
  Object.defineProperty(hostile, 'message', {
    get() {
      throw new Error('no message for you')
    },
  })
  const { handlers } = failing(({ partition }) => partition === 0, { error: hostile })
  const { broker, clock, ended } = await onBroker({ handlers, maxAttempts: 1 }, 2)
  broker.produce('t', [...values(0, 1, 0), ...values(0, 3, 1)])
  await clock.advance('1m')
  expect(ended()).toBe('running')
  expect([broker.committed('t', 0), broker.committed('t', 1)]).toEqual([-1, 3])
})

test('a record that does not decode halts at once, without an attempt of the handler', async () => {
  const seen: unknown[] = []
  const handlers = [on('t', { value: json() }, ({ value }) => void seen.push(value))]
  const { broker, clock, events } = await onBroker({ handlers })
  broker.produce('t', [{ value: '1' }, { value: '{"a":' }, { value: '2' }])
  await clock.advance('1m')
  expect(seen).toEqual([1])
  expect(events('partition:halted')).toMatchObject([{ offset: 1, attempt: 1, error: { code: 'HF_DECODE_FAILED' } }])
  expect(broker.committed('t', 0)).toBe(1)
})

test('a handler that never comes back keeps its own partition, and the others go on', async () => {
  const gate = new Gate<ConsumerRecord>()
  const handlers = [on('t', (record, context) => (record.partition === 0 ? gate.handle(record, context) : undefined))]
  const { broker, clock } = await onBroker({ handlers, concurrency: 2, maxPollIntervalMs: 10_000 }, 2)
  broker.produce('t', [...values(0, 3, 0), ...values(0, 3, 1)])
  await clock.advance('1m')
  expect(gate.calls).toHaveLength(1)
  expect([broker.committed('t', 0), broker.committed('t', 1)]).toEqual([-1, 3])
})

test('records of a partition run one after another, partitions side by side', async () => {
  const gate = new Gate<ConsumerRecord>()
  const { broker, clock, consumer } = await onBroker({ handlers: [on('t', gate.handle)], concurrency: 3 }, 4)
  broker.produce(
    't',
    [0, 1, 2, 3].flatMap((partition) => values(0, 2, partition)),
  )
  await clock.settle()
  expect(gate.calls.map(({ input }) => input.offset)).toEqual([0, 0, 0])
  expect(consumer.status().slots).toMatchObject({ concurrency: 3, busy: 3 })
  for (let call = 0; call < 8; call += 1) {
    gate.calls[call]?.end()
    await clock.settle()
  }
  for (const partition of [0, 1, 2, 3]) {
    expect(gate.calls.filter(({ input }) => input.partition === partition).map(({ input }) => input.offset)).toEqual([
      0, 1,
    ])
  }
})
