import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, onScript, values } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

const gated = (): { gate: Gate<ConsumerRecord>; handlers: ReturnType<typeof on>[] } => {
  const gate = new Gate<ConsumerRecord>()
  return { gate, handlers: [on('t', gate.handle)] }
}
const BATCH = 100

for (const [limit, option, value] of [
  ['records of a partition', 'maxPartitionBufferedRecords', 150],
  ['records over all partitions', 'maxBufferedRecords', 300],
  ['bytes of a partition', 'maxPartitionBufferedBytes', 150 * 514],
  ['bytes over all partitions', 'maxBufferedBytes', 300 * 514],
] as const) {
  test(`what is held is bounded by the ${limit}, which is named, and no partition stops another`, async () => {
    const gate = new Gate<ConsumerRecord>()
    const handlers = [on('t', (record, context) => (record.partition === 0 ? gate.handle(record, context) : undefined))]
    const { broker, clock, consumer } = await onBroker({ handlers, maxPollRecords: 20, [option]: value }, 2)
    for (const partition of [0, 1])
      broker.produce(
        't',
        Array.from({ length: 500 }, () => ({ value: 'vv', partition })),
      )
    await clock.advance('5s')
    const stuck = consumer.status().partitions.find(({ partition }) => partition === 0)
    expect(stuck?.heldRecords).toBeGreaterThanOrEqual(150)
    expect(stuck?.heldRecords).toBeLessThanOrEqual(150 + 2 * BATCH)
    expect(stuck?.pausedBy).toEqual(['backpressure'])
    expect(stuck?.limitedBy).toEqual(['maxPollRecords', option])
    expect(broker.committed('t', 1)).toBe(500)
  })
}

test('headers count in what is held, and what they count for is given back', async () => {
  const { gate, handlers } = gated()
  const limits = { maxPartitionBufferedBytes: 1024 * 1024, maxPollRecords: 1_000 }
  const { broker, clock, consumer } = await onBroker({ handlers, order: 'none', concurrency: 1_000, ...limits })
  const held = () => consumer.status().partitions[0]
  broker.produce(
    't',
    Array.from({ length: 5 * BATCH }, () => ({ headers: { h: Buffer.alloc(20_000) } })),
  )
  await clock.advance('1s')
  expect(held()?.heldBytes).toBeGreaterThan(1024 * 1024)
  expect(held()?.heldRecords).toBeLessThanOrEqual(2 * BATCH)
  expect(held()?.limitedBy).toContain('maxPartitionBufferedBytes')
  for (let round = 0; broker.committed('t', 0) < 5 * BATCH && round < 20; round += 1) {
    for (const call of gate.calls.splice(0)) call.end()
    await clock.advance('1s')
  }
  expect(broker.committed('t', 0)).toBe(5 * BATCH)
  expect(held()).toMatchObject({ heldRecords: 0, heldBytes: 0, pausedBy: [] })
})

test('a partition resumes at half of its limit, and every record comes', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock } = await onScript({ handlers, maxPartitionBufferedRecords: 4, maxPollRecords: 1 })
  driver.sink.batch(batchOf(epoch, [0, 1, 2, 3]))
  await clock.settle()
  expect(driver.calls).toEqual(['start', 'pause t/0'])
  gate.calls[0]?.end()
  await clock.settle()
  expect(driver.calls).toHaveLength(2)
  gate.calls[1]?.end()
  await clock.settle()
  expect(driver.calls).toEqual(['start', 'pause t/0', 'resume t/0'])
})

test('causes of a pause add up, and each ends only itself', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock, consumer } = await onScript({
    handlers,
    maxPartitionBufferedRecords: 2,
    maxPollRecords: 1,
  })
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  consumer.pause('t', 0)
  gate.calls[0]?.end()
  await clock.settle()
  expect(consumer.status().partitions[0]?.pausedBy).toEqual(['user'])
  expect(gate.calls).toHaveLength(1)
  expect(driver.calls.filter((call) => call !== 'start')).toEqual(['pause t/0'])
  consumer.resume('t')
  await clock.settle()
  expect(gate.calls).toHaveLength(2)
  expect(driver.calls.at(-1)).toBe('resume t/0')
})

test('records that all fail are held within the limit', async () => {
  const fail = (): void => {
    throw new Error('no')
  }
  const { broker, clock, consumer } = await onBroker({
    handlers: [on('t', fail)],
    maxAttempts: 1_000,
    maxPartitionBufferedRecords: 50,
  })
  for (let round = 0; round < 20; round += 1) {
    broker.produce('t', values(0, 100))
    await clock.advance('2s')
  }
  expect(consumer.status().partitions[0]?.heldRecords).toBeLessThanOrEqual(50 + 2 * BATCH)
})

test('a partition whose open record has too many done ones past it waits at a limit that is named', async () => {
  const { gate, handlers } = gated()
  const { broker, clock, consumer } = await onBroker({ handlers, order: 'none', maxUncommittedRecords: 3 })
  broker.produce('t', values(0, 8))
  await clock.advance('1s')
  for (const call of gate.calls.slice(1)) call.end()
  await clock.advance('1s')
  expect(consumer.status().partitions[0]).toMatchObject({
    pausedBy: ['uncommitted'],
    limitedBy: ['maxUncommittedRecords'],
    oldestOpen: { offset: 0, ageMs: 2_000 },
  })
})

test('a partition that may use no more slots says so', async () => {
  const { gate, handlers } = gated()
  const { broker, clock, consumer } = await onBroker({ handlers, order: 'none', concurrencyPerPartition: 2 })
  broker.produce('t', values(0, 3))
  await clock.settle()
  expect(gate.calls).toHaveLength(2)
  expect(consumer.status().partitions[0]?.limitedBy).toEqual(['concurrencyPerPartition'])
  gate.calls[0]?.end()
  await clock.settle()
  expect(consumer.status().partitions[0]?.limitedBy).toEqual([])
})
