import { type BatchHandler, type ConsumerRecord, type Middleware, on, type RecordHeaders } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/memory/memory-store.ts'
import { claimOf } from '../../src/middleware/held.ts'
import { idempotent } from '../../src/middleware/idempotent.ts'
import { onceScene } from '../support/scene.ts'

type Handler = BatchHandler<Buffer | null, Buffer | null, RecordHeaders>

async function batches(handle: Handler = () => undefined, once: object = {}, consumer: object = {}) {
  const calls: string[][] = []
  const handler = on('t', { batch: true }, (records: readonly ConsumerRecord[], context) => {
    calls.push(records.map(({ value }) => String(value)))
    return handle(records, context)
  })
  const scene = await onceScene({ once, consumer: { handlers: [handler], ...consumer } })
  return { ...scene, calls }
}

test('all records of a batch are claimed and completed in one call each', async () => {
  const { produce, clock, calls, store } = await batches()
  produce('a', 'b', 'c')
  await clock.advance('6s')
  expect(calls).toEqual([['a', 'b', 'c']])
  expect(store.calls.map(({ call, entries }) => [call, entries.length])).toEqual([
    ['claim', 3],
    ['complete', 3],
  ])
})

test('the handler knows under which claim it has each record', async () => {
  const tokens: unknown[] = []
  const { produce, clock, store } = await batches((records) => void tokens.push(records.map(claimOf)))
  produce('a', 'b')
  await clock.advance('6s')
  const keys = store.calls[0]?.entries.map(({ key }) => key)
  expect(tokens).toEqual([keys?.map((key, index) => ({ key, token: index + 1 }))])
})

test('what is done already is taken out of the batch', async () => {
  const { produce, clock, calls, broker } = await batches()
  produce('a', 'c')
  await clock.advance('6s')
  produce('a', 'b', 'c', 'd')
  await clock.advance('6s')
  produce('a', 'b')
  await clock.advance('6s')
  expect(calls).toEqual([
    ['a', 'c'],
    ['b', 'd'],
  ])
  expect(broker.committed('t', 0)).toBe(8)
})

test('two records of a batch with the same key are one effect', async () => {
  const { produce, clock, calls, broker } = await batches()
  produce('a', 'a', 'b', 'a')
  await clock.advance('10s')
  expect(calls).toEqual([['a', 'b']])
  expect(broker.committed('t', 0)).toBe(4)
})

test.each([
  ['partition', [['a', 'b', 'c']], 'acquired'],
  ['key', [['c'], ['a', 'b']], 'acquired'],
  ['none', [['b', 'c'], ['a']], 'completed'],
] as const)(
  'a record that waits for its key is not passed by in its lane, order: %s',
  async (order, expected, behind) => {
    const { broker, clock, calls, store } = await batches(() => undefined, {}, { order })
    const produce = (...sent: readonly string[]) =>
      broker.produce(
        't',
        sent.map((value) => ({ key: value === 'c' ? 'other' : 'same', value, partition: 0 })),
      )
    produce('x')
    await clock.advance('6s')
    const keyOf = (value: string): string => `${store.calls[0]?.entries[0]?.key.slice(0, -1)}${value}`
    // By a member that has died.
    const dead = { owner: 'dead', fingerprint: null, leaseMs: 20_000, windowMs: 60_000 }
    await store.inner.claim([{ ...dead, key: keyOf('a') }])
    produce('a', 'b', 'c')
    await clock.advance('10s')
    const asked = await store.inner.claim([{ ...dead, key: keyOf('b'), leaseMs: 1_000 }])
    expect(asked).toMatchObject([{ type: behind }])
    await clock.advance('50s')
    expect(calls.slice(1)).toEqual(expected)
    expect(broker.committed('t', 0)).toBe(4)
  },
)

test('an answer for each record: what failed gives its key back, the others are done', async () => {
  const { produce, clock, calls, broker } = await batches(
    (records, { attempt }) =>
      records.map(({ value }) => (String(value) === 'b' && attempt === 1 ? new Error('no') : String(value))),
    { keepResult: true },
    { maxAttempts: 3 },
  )
  produce('a', 'b', 'c')
  await clock.advance('10s')
  expect(calls).toEqual([['a', 'b', 'c'], ['b']])
  expect(broker.committed('t', 0)).toBe(3)
})

test('a batch that throws gives all keys back, but those of what it has settled', async () => {
  const { produce, clock, calls, broker, store } = await batches(
    async (records, { attempt, settle }) => {
      if (attempt > 1) return
      settle(records[0] as ConsumerRecord)
      throw new Error('no')
    },
    {},
    { maxAttempts: 3 },
  )
  produce('a', 'b', 'c')
  await clock.advance('10s')
  expect(calls).toEqual([
    ['a', 'b', 'c'],
    ['b', 'c'],
  ])
  expect(broker.committed('t', 0)).toBe(3)
  produce('a')
  await clock.advance('6s')
  expect(calls).toHaveLength(2)
  expect(store.count('release')).toBe(1)
})

test('a record that is settled early is so when its key is written down', async () => {
  const settled: number[] = []
  const scene = await batches(async ([first], { settle }) => {
    scene.store.down.add('complete')
    settle(first as ConsumerRecord)
    await new Promise<void>((resolve) => void scene.clock.setTimer(resolve, 2_000))
  })
  scene.consumer.on('record:settled', ({ offset }) => void settled.push(offset))
  scene.produce('a', 'b')
  await scene.clock.advance('3s')
  expect(settled).toEqual([])
  scene.store.down.clear()
  await scene.clock.advance('12s')
  expect(settled.toSorted()).toEqual([0, 1])
  expect(scene.calls).toEqual([['a', 'b']])
})

test('the key of a record that is settled and not written down is kept for as long as its batch goes on', async () => {
  const scene = await batches(async ([first], { settle }) => {
    scene.store.down.add('complete')
    settle(first as ConsumerRecord)
    await new Promise<void>((resolve) => void scene.clock.setTimer(resolve, 120_000))
  })
  scene.produce('a', 'b')
  await scene.clock.advance('1s')
  scene.store.down.clear()
  await scene.clock.advance('1m')
  const key = scene.store.calls[0]?.entries[0]?.key as string
  const other = { key, owner: 'other', fingerprint: null, leaseMs: 1_000, windowMs: 60_000 }
  expect(await scene.store.inner.claim([other])).toMatchObject([{ type: 'busy' }])
  await scene.clock.advance('80s')
  expect(scene.broker.committed('t', 0)).toBe(2)
  expect(scene.calls).toEqual([['a', 'b']])
})

test('a record that is settled and written down, though the answer was lost, does not end its batch', async () => {
  const aborted: boolean[] = []
  const scene = await batches(async ([first], { settle, signal }) => {
    scene.store.cut.add('complete')
    settle(first as ConsumerRecord)
    await new Promise<void>((resolve) => void scene.clock.setTimer(resolve, 60_000))
    aborted.push(signal.aborted)
  })
  scene.produce('a', 'b')
  await scene.clock.advance('1s')
  scene.store.cut.clear()
  await scene.clock.advance('75s')
  expect(aborted).toEqual([false])
  expect(scene.calls).toEqual([['a', 'b']])
  expect(scene.broker.committed('t', 0)).toBe(2)
})

test('a settle further outside that throws fails its record, and nothing else', async () => {
  const unhandled: unknown[] = []
  const note = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', note)
  const refusing: Middleware = (_, next) =>
    next({
      settle: () => {
        throw new Error('no')
      },
    })
  const once = idempotent({ store: memoryStore(), key: ({ value }) => value as Buffer })
  const scene = await batches(
    async ([first], { settle }) => {
      settle(first as ConsumerRecord)
      await new Promise<void>((resolve) => void scene.clock.setTimer(resolve, 2_000))
    },
    {},
    { use: [refusing, once], maxAttempts: 2 },
  )
  scene.produce('a', 'b')
  await scene.clock.advance('10s')
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
  expect(scene.calls).toEqual([['a', 'b']])
  expect(scene.broker.committed('t', 0)).toBe(2)
})

test('without an answer of the store no batch is handled', async () => {
  const { produce, clock, calls, store } = await batches()
  store.down.add('claim')
  produce('a', 'b')
  await clock.advance('1m')
  expect(calls).toEqual([])
  store.down.clear()
  await clock.advance('12s')
  expect(calls).toEqual([['a', 'b']])
})

test('failures that no record can be told from fail the batch', async () => {
  const { produce, clock, events } = await batches(() => [new Error('no')])
  produce('a', 'b')
  await clock.advance('3s')
  expect(events('attempt:failed')).toMatchObject([{ records: 2, error: { code: 'HF_BATCH_RESULT_INVALID' } }])
})

describe('a batch at its deadline', () => {
  const LATE = { handlerTimeoutMs: 10_000, deadLetterTopic: 't.dead', maxAttempts: 1 }
  const aborted = (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener('abort', resolve))
  const deadOf = ({ events }: Awaited<ReturnType<typeof batches>>) => events('record:dead').map(({ offset }) => offset)

  test('what its handler answers for each record counts', async () => {
    const scene = await batches(
      async (records, { signal }) => {
        await aborted(signal)
        return records.map((_, index) => (index === 1 ? new Error('late') : 'ok'))
      },
      {},
      LATE,
    )
    scene.produce('a', 'b', 'c')
    await scene.clock.advance('30s')
    expect(deadOf(scene)).toEqual([1])
    expect(scene.broker.committed('t', 0)).toBe(3)
  })

  test('a repeat in it is settled, and is no dead letter', async () => {
    const scene = await batches(
      async ([first], { signal }) => {
        if (String(first?.value) !== 'b') return
        await aborted(signal)
        throw signal.reason
      },
      {},
      LATE,
    )
    scene.produce('a')
    await scene.clock.advance('3s')
    scene.produce('a', 'b')
    await scene.clock.advance('30s')
    expect(deadOf(scene)).toEqual([2])
    expect(scene.broker.committed('t', 0)).toBe(3)
  })
})
