import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import type { Middleware } from '../../src/pipeline/middleware.ts'
import { RetryLater, Unavailable } from '../../src/policy/verdicts.ts'
import { onBroker, values } from '../support/harness.ts'

/** A consumer whose middleware finds a store, or does not. */
async function withStore(options: object = {}) {
  const store = { isUp: true, asked: 0 }
  const attempts: number[] = []
  const needsStore: Middleware = (_call, next) => {
    store.asked += 1
    if (!store.isUp) throw new Unavailable('redis', 'redis is not available: connection refused')
    return next()
  }
  const handler = on('t', (_record: ConsumerRecord, { attempt }) => void attempts.push(attempt))
  const made = await onBroker({
    use: [needsStore],
    handlers: [handler],
    maxAttempts: 1,
    maxPollRecords: 5,
    order: 'none',
    ...options,
  })
  return { ...made, store, attempts }
}

test('while what a record needs is not there it is tried again for ever, and no attempt is counted', async () => {
  const { broker, clock, store, attempts, events, consumer } = await withStore()
  store.isUp = false
  broker.produce('t', values(0, 3))
  await clock.advance('2m')
  expect(attempts).toEqual([])
  expect(events('partition:halted')).toEqual([])
  expect(broker.committed('t', 0)).toBe(-1)
  // With pauses of up to 5 s that are random from 0 on, three records are tried some hundred times in two minutes.
  expect(store.asked).toBeGreaterThan(60)
  expect(store.asked).toBeLessThan(600)
  expect(consumer.status().health).toMatchObject({
    status: 'unhealthy',
    reasons: [
      {
        code: 'dependency-down',
        topic: 't',
        partition: 0,
        message: expect.stringMatching(
          /^t\/0 waits for redis: redis is not available: connection refused\. No handler/,
        ),
      },
    ],
  })
  store.isUp = true
  await clock.advance('10s')
  expect(attempts).toEqual([1, 1, 1])
  expect(broker.committed('t', 0)).toBe(3)
  expect(consumer.status().health.status).toBe('healthy')
})

test('its partition takes on nothing more meanwhile, and goes on by itself', async () => {
  const { broker, clock, store, attempts, consumer } = await withStore()
  store.isUp = false
  broker.produce('t', values(0, 2))
  await clock.advance('1s')
  broker.produce('t', values(2, 50))
  await clock.advance('1m')
  expect(consumer.status().partitions[0]).toMatchObject({ heldRecords: 2, logEnd: 2 })
  expect(consumer.status().partitions[0]?.pausedBy).toContain('dependency')
  store.isUp = true
  await clock.advance('10s')
  expect(attempts).toHaveLength(50)
  expect(consumer.status().partitions[0]?.pausedBy).toEqual([])
})

test('a decoder whose registry is away has no record dead; ids that it does not have are', async () => {
  const registry = { isUp: false, schemas: new Map([[7, 'mail']]) }
  const decoder = async (bytes: Buffer | null): Promise<string> => {
    if (bytes?.[0] !== 0) throw new Error('no magic byte')
    if (!registry.isUp) throw new Unavailable('registry')
    const id = bytes.readInt32BE(1)
    const subject = registry.schemas.get(id)
    if (subject === undefined) throw new Error(`schema ${id} is unknown`)
    return bytes.subarray(5).toString()
  }
  const seen: unknown[] = []
  const handler = on('t', { value: decoder }, ({ value }) => void seen.push(value))
  const { broker, clock, events, consumer } = await onBroker({
    handlers: [handler],
    order: 'partition',
    maxAttempts: 1,
  })
  const framed = (id: number, text: string) => ({
    value: Buffer.concat([Buffer.from([0, 0, 0, 0, id]), Buffer.from(text)]),
  })
  broker.produce('t', [framed(7, 'a'), framed(7, 'b'), framed(9, 'c')])
  await clock.advance('1m')
  expect([seen, events('partition:halted'), broker.committed('t', 0)]).toEqual([[], [], -1])
  expect(consumer.status().health.reasons.map(({ code }) => code)).toEqual(['dependency-down'])
  registry.isUp = true
  await clock.advance('10s')
  expect([seen, broker.committed('t', 0)]).toEqual([['a', 'b'], 2])
  expect(events('partition:halted')).toMatchObject([
    {
      offset: 2,
      attempt: 1,
      error: { code: 'HF_DECODE_FAILED', message: expect.stringContaining('schema 9 is unknown') },
    },
  ])
})

test('a batch that cannot begin waits as one', async () => {
  const calls: number[] = []
  const { broker, clock, store } = await withStore({
    handlers: [on('t', { batch: true }, (records) => void calls.push(records.length))],
  })
  store.isUp = false
  broker.produce('t', values(0, 3))
  await clock.advance('1m')
  store.isUp = true
  await clock.advance('10s')
  expect(calls).toEqual([3])
})

test('a record whose turn has not come waits as long as it says, and no attempt is counted', async () => {
  const attempts: number[] = []
  let isTurn = false
  const handler = on('t', (_record: ConsumerRecord, { attempt }) => {
    attempts.push(attempt)
    if (!isTurn) throw new RetryLater(1_000, 'another has it', { isAttempt: false })
  })
  const { broker, clock, consumer } = await onBroker({ handlers: [handler], maxAttempts: 1 })
  broker.produce('t', values(0, 1))
  await clock.advance('4500ms')
  expect(attempts).toEqual([1, 1, 1, 1, 1])
  expect(consumer.status().health.status).toBe('healthy')
  isTurn = true
  await clock.advance('10s')
  expect(broker.committed('t', 0)).toBe(1)
})

test('attempts that count go on being counted across an outage', async () => {
  const attempts: number[] = []
  const { broker, clock, store, events } = await withStore({
    maxAttempts: 2,
    handlers: [
      on('t', (_record: ConsumerRecord, { attempt }) => {
        attempts.push(attempt)
        store.isUp = attempt > 1
        throw new Error('no')
      }),
    ],
  })
  broker.produce('t', values(0, 1))
  await clock.advance('1m')
  store.isUp = true
  await clock.advance('10s')
  expect(attempts).toEqual([1, 2])
  expect(events('partition:halted')).toHaveLength(1)
})
