import { expect, test } from 'vitest'
import { throttle } from '../../src/middleware/throttle.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { onBroker, onScript, values } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

const RATE = { records: 2, intervalMs: 1_000 }

test('so many begin at once, then so many in each interval, in the order in which they came', async () => {
  const begun: [number, number][] = []
  const handler = on('t', { use: [throttle(RATE)] }, ({ offset }) => void begun.push([offset, clock.now()]))
  const { broker, clock } = await onBroker({ handlers: [handler], order: 'none', concurrency: 10 })
  const startMs = clock.now()
  broker.produce('t', values(0, 6))
  await clock.advance('3s')
  expect(begun.map(([offset, atMs]) => [offset, atMs - startMs])).toEqual([
    [0, 0],
    [1, 0],
    [2, 500],
    [3, 1_000],
    [4, 1_500],
    [5, 2_000],
  ])
})

test('a batch counts its records; one larger than the budget begins when that is full, and is paid for afterwards', async () => {
  const begun: [number, number][] = []
  const handle = (records: readonly ConsumerRecord[]): void => void begun.push([records.length, clock.now()])
  const handler = on('t', { batch: true, use: [throttle(RATE)] }, handle)
  const { broker, clock } = await onBroker({ handlers: [handler], maxBatchRecords: 4 })
  const startMs = clock.now()
  broker.produce('t', values(0, 10))
  await clock.advance('10s')
  expect(begun.map(([records, atMs]) => [records, atMs - startMs])).toEqual([
    [4, 0],
    [4, 2_000],
    [2, 4_000],
  ])
})

test('the wait ends with the attempt: nothing begins of a partition that is lost, and what comes next has its turn', async () => {
  const begun: string[] = []
  const handler = on('t', { use: [throttle({ records: 1, intervalMs: 60_000 })] }, ({ partition, offset }) => {
    begun.push(`${partition}@${offset}`)
  })
  const made = await onScript({ handlers: [handler], order: 'none', concurrency: 3 })
  const { driver, clock, epoch, events, consumer } = made
  driver.sink.batch(batchOf(epoch, [0, 1, 2]))
  await clock.advance('1s')
  expect(begun).toEqual(['0@0'])
  driver.sink.lost('the session timed out')
  await clock.settle()
  expect(events('attempt:stale')).toHaveLength(2)
  expect(consumer.status().slots.busy).toBe(0)
  const next = driver.assign([{ topic: 't', partition: 1 }], 2)
  driver.sink.batch(batchOf(next, [0], { partition: 1 }))
  await clock.advance('50s')
  expect(begun).toEqual(['0@0'])
  await clock.advance('10s')
  expect(begun).toEqual(['0@0', '1@0'])
})

test('a value that two handlers share is one budget', async () => {
  const begun: number[] = []
  const shared = throttle({ records: 1, intervalMs: 1_000 })
  const made = await onBroker({ use: [shared], handlers: [on('t', () => void begun.push(clock.now()))] }, 2)
  const { broker, clock } = made
  const startMs = clock.now()
  broker.produce('t', [...values(0, 1), ...values(0, 1, 1)])
  await clock.advance('3s')
  expect(begun.map((atMs) => atMs - startMs)).toEqual([0, 1_000])
})

test.each([
  { records: 0, intervalMs: 1 },
  { records: 1.5, intervalMs: 1 },
  { records: 1, intervalMs: 0 },
  { records: 1, intervalMs: Number.POSITIVE_INFINITY },
])('throttle(%j) is refused', (rate) => {
  expect(() => throttle(rate)).toThrow(expect.objectContaining({ code: 'HF_OPTION_INVALID' }))
})
