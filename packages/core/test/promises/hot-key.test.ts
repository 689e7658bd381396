import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker } from '../support/harness.ts'

/** Many records of one key, then one each of others. */
const hotThenCold = (hot: number, cold: number): { key: string; value: string }[] => [
  ...Array.from({ length: hot }, (_, index) => ({ key: 'hot', value: String(index) })),
  ...Array.from({ length: cold }, (_, index) => ({ key: `cold-${index}`, value: String(index) })),
]
const started = (gate: Gate<ConsumerRecord>): string[] => gate.calls.map(({ input }) => String(input.key))

test('a key with more records than may be admitted at a time delays no other key', async () => {
  const gate = new Gate<ConsumerRecord>()
  const { broker, clock, consumer } = await onBroker({
    order: 'key',
    maxPollRecords: 4,
    handlers: [on('t', gate.handle)],
  })
  broker.produce('t', hotThenCold(300, 3))
  await clock.settle()
  expect(started(gate)).toEqual(['hot', 'cold-0', 'cold-1', 'cold-2'])
  expect(consumer.status().slots).toEqual({ concurrency: 10, busy: 4, ahead: 0, idleByOrder: 6 })
})

test('records that wait behind others are held within the limit on buffers, which is named', async () => {
  const gate = new Gate<ConsumerRecord>()
  const { broker, clock, consumer } = await onBroker({
    order: 'key',
    maxPollRecords: 4,
    maxPartitionBufferedRecords: 200,
    handlers: [on('t', gate.handle)],
  })
  broker.produce('t', hotThenCold(2_000, 3))
  await clock.settle()
  expect(started(gate)).toEqual(['hot'])
  const [partition] = consumer.status().partitions
  expect(partition?.heldRecords).toBeLessThanOrEqual(400)
  expect(partition?.limitedBy).toContain('maxPartitionBufferedRecords')
})

test('keys that run or wait for a retry count in full, so that an outage does not go through the whole buffer', async () => {
  const tried = new Set<string>()
  const fail = ({ key }: ConsumerRecord): void => {
    tried.add(String(key))
    throw new Error('down')
  }
  const { broker, clock } = await onBroker({
    order: 'key',
    maxPollRecords: 4,
    maxAttempts: 1_000,
    handlers: [on('t', fail)],
  })
  broker.produce('t', hotThenCold(0, 300))
  await clock.advance('1m')
  expect(tried.size).toBe(4)
})

test('with at-most-once no more is admitted, and so committed, than maxPollRecords', async () => {
  const gate = new Gate<ConsumerRecord>()
  const { broker, clock } = await onBroker({
    order: 'key',
    delivery: 'at-most-once',
    maxPollRecords: 4,
    handlers: [on('t', gate.handle)],
  })
  broker.produce('t', hotThenCold(300, 3))
  await clock.advance('5s')
  expect(broker.committed('t', 0)).toBe(4)
})

test('with order by partition no more is admitted than maxPollRecords', async () => {
  const gate = new Gate<ConsumerRecord>()
  const { broker, clock, consumer } = await onBroker({ maxPollRecords: 4, handlers: [on('t', gate.handle)] })
  broker.produce('t', hotThenCold(300, 3))
  await clock.settle()
  expect(consumer.status().slots).toEqual({ concurrency: 10, busy: 1, ahead: 0, idleByOrder: 3 })
})

test('a key that ends last whatever the others do keeps its slot, and the others take turns in the rest', async () => {
  const ended = new Map<string, number>()
  const handle = async ({ key }: ConsumerRecord): Promise<void> => {
    await new Promise<void>((resolve) => void clock.setTimer(resolve, 10))
    ended.set(String(key), clock.now())
  }
  const { broker, clock } = await onBroker({ order: 'key', concurrency: 4, handlers: [on('t', handle)] })
  const startMs = clock.now()
  broker.produce('t', hotThenCold(100, 200))
  await clock.advance('1100ms')
  expect(ended.size).toBe(201)
  expect(ended.get('hot')).toBe(startMs + 100 * 10)
  for (const [key, atMs] of ended) if (key !== 'hot') expect(atMs - startMs).toBeLessThan(700)
})
