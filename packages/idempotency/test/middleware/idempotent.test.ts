import { type ConsumerRecord, HoldfastError, logging, on } from '@holdfast/core'
import { expect, test } from 'vitest'
import { memoryStore } from '../../src/memory/memory-store.ts'
import { claimOf } from '../../src/middleware/held.ts'
import { idempotent } from '../../src/middleware/idempotent.ts'
import { newBroker, onceScene } from '../support/scene.ts'

test('a repeat is settled without a call of the handler', async () => {
  const { produce, clock, calls, broker } = await onceScene()
  produce('a', 'b')
  await clock.advance('6s')
  produce('a', 'b', 'c')
  await clock.advance('6s')
  expect(calls).toEqual(['a', 'b', 'c'])
  expect(broker.committed('t', 0)).toBe(5)
})

test('the handler is called when the key is claimed, and the record is settled when it is done', async () => {
  const seen: string[] = []
  const { produce, clock, store, consumer } = await onceScene({
    work: (_value, _context, record) => {
      seen.push(`handler ${store.count('claim')} ${claimOf(record)?.token}`)
    },
  })
  consumer.on('record:settled', () => seen.push(`settled ${store.count('complete')}`))
  produce('a')
  await clock.advance('1s')
  expect(seen).toEqual(['handler 1 1', 'settled 1'])
})

test('a duplicate that runs at the same time waits, and is never handled beside the first', async () => {
  let end = (): void => undefined
  const { produce, clock, calls, broker, events } = await onceScene({
    work: () => new Promise<void>((resolve) => (end = resolve)),
  })
  produce('a', 'a')
  await clock.advance('10s')
  expect(calls).toEqual(['a'])
  expect(events('attempt:failed').map(({ attempt }) => attempt)).toEqual(expect.arrayContaining([1]))
  expect(new Set(events('attempt:failed').map(({ attempt }) => attempt))).toEqual(new Set([1]))
  end()
  await clock.advance('10s')
  expect(calls).toEqual(['a'])
  expect(broker.committed('t', 0)).toBe(2)
})

test('a handler that fails gives its key back, so that the next attempt, and a duplicate, may run', async () => {
  let fails = 2
  const { produce, clock, calls, broker } = await onceScene({
    consumer: { maxAttempts: 5 },
    work: () => {
      fails -= 1
      if (fails >= 0) throw new Error('no')
    },
  })
  produce('a')
  await clock.advance('10s')
  expect(calls).toEqual(['a', 'a', 'a'])
  expect(broker.committed('t', 0)).toBe(1)
})

test('onFailure: keep leaves the key with this member until the lease ends', async () => {
  const broker = newBroker(2)
  const { clock, calls, store } = await onceScene({
    broker,
    once: { onFailure: 'keep', leaseMs: 30_000 },
    consumer: { deadLetterTopic: 't.dead' },
    work: () => {
      throw new Error('no')
    },
  })
  broker.produce('t', { value: 'a', partition: 0 })
  await clock.advance('1s')
  broker.produce('t', { value: 'a', partition: 1 })
  await clock.advance('20s')
  expect([calls, store.count('release')]).toEqual([['a'], 0])
  await clock.advance('20s')
  expect(calls).toEqual(['a', 'a'])
})

test('a dead-lettered record leaves its key free, so that a redrive runs it', async () => {
  let isBroken = true
  const { produce, clock, calls, broker } = await onceScene({
    consumer: { deadLetterTopic: 't.dead' },
    work: () => {
      if (isBroken) throw new Error('no')
    },
  })
  produce('a')
  await clock.advance('2s')
  expect(broker.records('t.dead')).toHaveLength(1)
  isBroken = false
  produce('a')
  await clock.advance('10s')
  expect(calls).toEqual(['a', 'a'])
})

test('the same key with another payload is an error that is not tried again', async () => {
  const { produce, clock, calls, broker } = await onceScene({
    once: { key: ({ value }) => String(value)[0], fingerprint: true },
    consumer: { deadLetterTopic: 't.dead', maxAttempts: 5 },
  })
  produce('a1', 'b1')
  await clock.advance('2s')
  produce('a1', 'a2')
  await clock.advance('6s')
  expect(calls).toEqual(['a1', 'b1'])
  const [dead] = broker.records('t.dead')
  expect(broker.records('t.dead')).toHaveLength(1)
  expect(String(dead?.value)).toBe('a2')
  expect(String(dead?.headers.get('holdfast-dead-error-message'))).toMatch(
    /HF_IDEMPOTENCY_MISMATCH: t\/0@3 has the idempotency key of another record/,
  )
  expect(String(dead?.headers.get('holdfast-dead-attempts'))).toBe('1')
})

test.each([
  ['a header that is not there', { header: 'idempotency-key' }, /the header idempotency-key gives none/],
  ['a record without a key', 'record key' as const, /record key gives none/],
  ['a function that answers an empty text', () => '', /the function key gives none, or an empty one/],
])('%s is an error that is not tried again, and no key', async (_name, key, message) => {
  const { produce, clock, calls, events } = await onceScene({ once: { key }, consumer: { maxAttempts: 5 } })
  produce('a')
  await clock.advance('6s')
  expect(calls).toEqual([])
  expect(events('partition:halted')).toMatchObject([
    { attempt: 1, error: { code: 'HF_IDEMPOTENCY_KEY_MISSING', message: expect.stringMatching(message) } },
  ])
})

test('keys come from the record key, a header, or the place of the record', async () => {
  const broker = newBroker()
  const byKey = await onceScene({ broker, once: { key: 'record key' }, consumer: { groupId: 'by-key' } })
  const byHeader = await onceScene({ broker, once: { key: { header: 'id' } }, consumer: { groupId: 'by-header' } })
  const byPlace = await onceScene({ broker, once: { key: 'offset' }, consumer: { groupId: 'by-place' } })
  broker.produce('t', [
    { key: 'k', value: '1', headers: { id: 'x' } },
    { key: 'k', value: '2', headers: { id: 'y' } },
    { key: 'l', value: '3', headers: { id: 'y' } },
  ])
  for (const { clock } of [byKey, byHeader, byPlace]) await clock.advance('10s')
  expect([byKey.calls, byHeader.calls, byPlace.calls]).toEqual([
    ['1', '3'],
    ['1', '2'],
    ['1', '2', '3'],
  ])
})

test('groups, tenants and namespaces have keys of their own', async () => {
  const broker = newBroker()
  const scene = await onceScene({ broker, once: { tenant: ({ value }) => String(value)[0] as string, key: () => 'k' } })
  broker.produce(
    't',
    ['a1', 'b1', 'a2'].map((value) => ({ value })),
  )
  await scene.clock.advance('5s')
  expect(scene.calls).toEqual(['a1', 'b1'])
  const { store, clock } = scene
  const other = await onceScene({ broker, store, clock, once: { key: () => 'k' }, consumer: { groupId: 'other' } })
  await clock.advance('5s')
  expect(other.calls).toEqual(['a1'])
  const same = await onceScene({
    broker,
    store,
    clock,
    once: { key: () => 'k', namespace: 'elsewhere' },
    consumer: { groupId: 'third' },
  })
  await clock.advance('5s')
  expect(same.calls).toEqual(['a1'])
  const keys = store.calls.flatMap(({ entries }) => entries.map(({ key }) => key))
  expect(new Set(keys)).toEqual(new Set(['g:t%20t:a:k', 'g:t%20t:b:k', 'other:t%20t::k', 'third:elsewhere::k']))
})

test('what the handler answered is answered again, where it is kept', async () => {
  const answers: unknown[] = []
  const { produce, clock } = await onceScene({
    once: { keepResult: true },
    work: (value) => ({ sent: value }),
    consumer: {
      use: [
        async (_call, next) => {
          const answer = await next()
          answers.push(answer)
          return answer
        },
        idempotent({ store: memoryStore(), key: ({ value }) => value as Uint8Array, keepResult: true }),
      ],
    },
  })
  produce('a')
  await clock.advance('2s')
  produce('a')
  await clock.advance('2s')
  expect(answers).toEqual([{ sent: 'a' }, { sent: 'a' }])
})

test('a result that is too long, or no JSON, is not kept and fails nothing', async () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  const { produce, clock, calls, store, broker } = await onceScene({
    once: { keepResult: { maxBytes: 10 } },
    work: (value) => (value === 'long' ? 'x'.repeat(20) : cyclic),
  })
  produce('long', 'cyclic')
  await clock.advance('6s')
  produce('long', 'cyclic')
  await clock.advance('6s')
  expect(calls).toEqual(['long', 'cyclic'])
  expect(broker.committed('t', 0)).toBe(4)
  const completions = store.calls.filter(({ call }) => call === 'complete').flatMap(({ entries }) => entries)
  expect(completions).toMatchObject([{ result: null }, { result: null }])
})

test('a consumer does not start on a store that refuses', async () => {
  const store = memoryStore()
  const refusing = Object.assign(store, {
    check: () => Promise.reject(new HoldfastError('HF_STORE_REFUSED', 'it evicts keys.')),
  })
  const { ended } = await onceScene({ consumer: { use: [logging(), idempotent({ store: refusing })] } })
  expect(ended()).toMatchObject({ code: 'HF_STORE_REFUSED' })
})

test.each([
  [{ store: {} }, /store = object of idempotent is not allowed/],
  [{ key: 'value' }, /key = "value" of idempotent is not allowed/],
  [{ leaseMs: 1 }, /leaseMs = 1 of idempotent is not allowed: it must be a whole number from 30/],
  [
    { leaseMs: 60_000, windowMs: 1_000 },
    /windowMs = 1000 of idempotent is not allowed: it must be a whole number from 60000/,
  ],
  [{ onFailure: 'drop' }, /onFailure = "drop" of idempotent is not allowed/],
  [{ namespace: '' }, /namespace = "" of idempotent is not allowed/],
  [{ keepResult: { maxBytes: -1 } }, /keepResult.maxBytes = -1 of idempotent is not allowed/],
])('options are checked: %j', (options, message) => {
  expect(() => idempotent({ store: memoryStore(), ...options } as never)).toThrow(message)
})

test('two handlers of one name on different topics have keys of their own', async () => {
  const broker = newBroker()
  broker.createTopic('u')
  const calls: string[] = []
  const send = ({ topic }: ConsumerRecord): void => void calls.push(topic)
  const { clock } = await onceScene({
    broker,
    once: { key: 'record key' },
    consumer: { handlers: [on('t', send), on('u', send)] },
  })
  for (const topic of ['t', 'u']) broker.produce(topic, { key: 'k', value: 'v' })
  await clock.advance('6s')
  expect(calls.toSorted()).toEqual(['t', 'u'])
})
