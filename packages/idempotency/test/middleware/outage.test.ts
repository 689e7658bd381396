import { expect, test } from 'vitest'
import { newBroker, onceScene } from '../support/scene.ts'

test('without an answer of the store no handler is called, however long that takes; then all goes on by itself', async () => {
  const { produce, clock, calls, store, consumer, events, broker } = await onceScene()
  store.down.add('claim')
  produce('a', 'b')
  await clock.advance('2m')
  expect(calls).toEqual([])
  expect(events('partition:halted')).toEqual([])
  expect(consumer.status().partitions[0]?.pausedBy).toEqual(['dependency'])
  expect(consumer.status().health.reasons).toMatchObject([
    {
      code: 'dependency-down',
      message: expect.stringMatching(
        /waits for faulty: HF_STORE_UNAVAILABLE: the idempotency store faulty is not available: connection refused/,
      ),
    },
  ])
  store.down.clear()
  await clock.advance('12s')
  expect(calls.toSorted()).toEqual(['a', 'b'])
  expect(broker.committed('t', 0)).toBe(2)
  expect(consumer.status().health.status).toBe('healthy')
})

test('a claim whose answer was lost is claimed again by the next attempt, without waiting for its lease', async () => {
  const { produce, clock, calls, store } = await onceScene({ once: { leaseMs: 60_000 } })
  store.cut.add('claim')
  produce('a')
  await clock.advance('1s')
  expect(calls).toEqual([])
  store.cut.clear()
  await clock.advance('6s')
  expect(calls).toEqual(['a'])
})

test.each([['down' as const], ['cut' as const]])(
  'a store that is %s when the effect is made: it is written down later, and not made again',
  async (fault) => {
    const { produce, clock, calls, store, broker, consumer } = await onceScene({
      work: () => void store[fault].add('complete'),
    })
    produce('a')
    await clock.advance('2m')
    expect(calls).toEqual(['a'])
    // What was carried out before the connection was cut is found by the next claim.
    expect(broker.committed('t', 0)).toBe(fault === 'down' ? -1 : 1)
    const codes = consumer.status().health.reasons.map(({ code }) => code)
    expect(codes.includes('dependency-down')).toBe(fault === 'down')
    store[fault].clear()
    await clock.advance('12s')
    produce('a')
    await clock.advance('6s')
    expect(calls).toEqual(['a'])
    expect(broker.committed('t', 0)).toBe(2)
  },
)

test('the result of an effect that is written down late is the one that the handler answered', async () => {
  const { produce, clock, store } = await onceScene({
    once: { keepResult: true },
    work: () => {
      store.down.add('complete')
      return 'answer'
    },
  })
  produce('a')
  await clock.advance('2s')
  store.down.clear()
  await clock.advance('12s')
  expect(store.calls.findLast(({ call }) => call === 'complete')?.entries).toMatchObject([{ result: '"answer"' }])
})

test('a store that does not take a key back has it taken again by the next attempt', async () => {
  let fails = 1
  const { produce, clock, calls, store } = await onceScene({
    once: { leaseMs: 60_000 },
    consumer: { maxAttempts: 2 },
    work: () => {
      fails -= 1
      if (fails >= 0) throw new Error('no')
    },
  })
  store.down.add('release')
  produce('a')
  await clock.advance('6s')
  expect(calls).toEqual(['a', 'a'])
})

test('an effect that is not written down yet is not made again by a duplicate that comes first after the outage', async () => {
  let isDown = true
  const { produce, clock, calls, store, broker } = await onceScene({
    once: { leaseMs: 1_000 },
    work: () => void (isDown && store.down.add('complete')),
    broker: newBroker(2),
  })
  produce('a')
  await clock.advance('1s')
  expect(calls).toEqual(['a'])
  store.down.add('claim')
  await clock.advance('31s')
  isDown = false
  store.down.clear()
  broker.produce('t', [{ value: 'a', partition: 1 }])
  await clock.advance('60s')
  expect([broker.committed('t', 0), broker.committed('t', 1)]).toEqual([1, 1])
  expect(calls).toEqual(['a'])
})

test('an outage that is longer than the window has no record handled again, and other ones are', async () => {
  const { produce, clock, calls, store } = await onceScene({
    once: { leaseMs: 1_000, windowMs: 60_000 },
    work: () => void store.down.add('complete'),
  })
  produce('a')
  await clock.advance('1s')
  store.down.add('claim')
  await clock.advance('2m')
  store.down.clear()
  await clock.advance('10s')
  expect(calls).toEqual(['a'])
  await clock.advance('2m')
  produce('a')
  await clock.advance('10s')
  expect(calls).toEqual(['a', 'a'])
})

test('another payload with the key of an effect that could not be written down is a mismatch, and not made', async () => {
  const broker = newBroker(2)
  const once = { key: ({ value }: { readonly value: unknown }) => String(value).slice(0, 1), fingerprint: true }
  const consumer = { deadLetterTopic: 't.dead' }
  const { produce, clock, calls, store, events } = await onceScene({
    broker,
    once,
    consumer,
    work: () => {
      for (const call of ['claim', 'complete'] as const) store.down.add(call)
    },
  })
  produce('a1')
  // By now the lease has run out.
  await clock.advance('35s')
  const tried = store.count('claim')
  while (store.count('claim') === tried) await clock.advance(10)
  // The next try of the first one is in a while.
  store.down.clear()
  broker.produce('t', [{ value: 'a2', partition: 1 }])
  await clock.advance('30s')
  expect(calls).toEqual(['a1'])
  expect(events('record:dead')).toMatchObject([{ partition: 1, error: { code: 'HF_IDEMPOTENCY_MISMATCH' } }])
  expect([0, 1].map((partition) => broker.committed('t', partition))).toEqual([1, 1])
})
