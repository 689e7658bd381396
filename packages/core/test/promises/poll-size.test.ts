import { expect, test } from 'vitest'
import { on } from '../../src/pipeline/handler.ts'
import { skip } from '../../src/policy/failure-policy.ts'
import { onBroker, values } from '../support/harness.ts'
import { Random } from '../support/random.ts'
import { recordingLogger } from '../support/silent-logger.ts'

const AUTO = { maxPollRecords: 'auto', maxPollIntervalMs: 300_000 } as const

/** A mail service whose look-ups take what `lookUpMs` says now. */
const mailService = async (options: object, partitions = 1) => {
  const service = { lookUpMs: () => 0, done: 0 }
  const made = await onBroker(
    {
      ...AUTO,
      ...options,
      handlers: [
        on('t', async () => {
          const ms = service.lookUpMs()
          if (ms > 0) await new Promise<void>((resolve) => void made.clock.setTimer(resolve, ms))
          service.done += 1
        }),
      ],
    },
    partitions,
  )
  const size = (): number => made.consumer.status().partitions[0]?.maxPollRecords as number
  return { service, size, ...made }
}

test('with the numbers of the story a poll batch comes to one or two records, and never near its deadline', async () => {
  const random = new Random(1)
  const { service, size, broker, clock, consumer, events } = await mailService({ concurrency: 1 })
  service.lookUpMs = () => 60_000 + 60_000 * random.next()
  broker.produce('t', values(0, 60))
  for (let minute = 0; minute < 60; minute += 1) {
    await clock.advance('1m')
    expect(size()).toBeLessThanOrEqual(2)
    expect(consumer.status().partitions[0]?.deadline?.remaining).toBeGreaterThan(0.5)
  }
  expect(service.done).toBeGreaterThan(35)
  expect([events('attempt:late'), events('poll:late'), events('partition:paused')].flat()).toEqual([])
})

test('it comes to hundreds when look-ups are quick, and back when they are slow again', async () => {
  const { service, size, broker, clock } = await mailService({ concurrency: 1 })
  service.lookUpMs = () => 5
  broker.produce('t', values(0, 5_000))
  await clock.advance('30s')
  expect(service.done).toBe(5_000)
  expect(size()).toBe(500)
  service.lookUpMs = () => 60_000
  broker.produce('t', values(5_000, 5_040))
  await clock.advance('30m')
  expect(size()).toBe(1)
})

test('before the handler is known, sizes begin at one for each slot and double', async () => {
  const { service, size, broker, clock } = await mailService({ concurrency: 4, order: 'none' })
  service.lookUpMs = () => 1_000
  broker.produce('t', values(0, 1_000))
  const sizes: number[] = []
  for (let second = 0; second < 8; second += 1) {
    await clock.advance(1_000)
    sizes.push(size())
  }
  expect(sizes[0]).toBeLessThanOrEqual(8)
  for (const [index, next] of sizes.slice(1).entries()) expect(next).toBeLessThanOrEqual((sizes[index] as number) * 2)
  await clock.advance('3m')
  expect(size()).toBe(300)
})

test('slots never idle for want of admitted records, however small a poll batch is', async () => {
  const { service, broker, clock, consumer } = await mailService({ concurrency: 20, order: 'none' }, 2)
  service.lookUpMs = () => 90_000
  for (const partition of [0, 1]) broker.produce('t', values(0, 400, partition))
  for (let step = 0; step < 40; step += 1) {
    await clock.advance('30s')
    expect(consumer.status().slots.busy).toBe(20)
  }
})

test('partitions share the slots, and with them the time', async () => {
  const { service, broker, clock, consumer } = await mailService({ concurrency: 2, order: 'none' }, 8)
  service.lookUpMs = () => 1_000
  for (let partition = 0; partition < 8; partition += 1) broker.produce('t', values(0, 2_000, partition))
  await clock.advance('10m')
  const sizes = consumer.status().partitions.map(({ maxPollRecords }) => maxPollRecords)
  // Eight of them at once in two slots: 75 s of work.
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(150)
  expect(Math.min(...sizes)).toBeGreaterThan(10)
})

test('a number that was given is kept, and warned of once where the handler is too slow for it', async () => {
  const { logger, lines } = recordingLogger()
  const { service, size, broker, clock, events } = await mailService({ concurrency: 1, maxPollRecords: 100, logger })
  service.lookUpMs = () => 5_000
  broker.produce('t', values(0, 200))
  await clock.advance('5m')
  expect(size()).toBe(100)
  expect(events('poll:oversized')).toMatchObject([{ topic: 't', maxPollRecords: 100, maxPollIntervalMs: 300_000 }])
  const [{ p95Ms, expectedMs, fitting } = { p95Ms: 0, expectedMs: 0, fitting: 0 }] = events('poll:oversized')
  expect([p95Ms > 4_500, expectedMs > 450_000, fitting < 67 && fitting > 50]).toEqual([true, true, true])
  expect(JSON.stringify(lines)).toContain("set it to 'auto'")
})

test('with at-most-once no more is committed ahead than the size admits', async () => {
  const { service, size, broker, clock } = await mailService({ concurrency: 1, delivery: 'at-most-once' })
  service.lookUpMs = () => 60_000
  broker.produce('t', values(0, 50))
  await clock.advance('10m')
  expect(size()).toBe(1)
  expect(broker.committed('t', 0)).toBeLessThanOrEqual(service.done + 2)
})

const decode = (bytes: Buffer | null): string => {
  if (String(bytes) === 'bad') throw new Error('no JSON')
  return String(bytes)
}
const SKIPPING = { onFailure: skip('nobody needs them'), retryBackoffMs: undefined } as object
test('records that do not decode do not make a slow handler look quick', async () => {
  const { broker, clock, consumer, events } = await onBroker({
    ...AUTO,
    ...SKIPPING,
    handlers: [on('t', { value: decode }, () => new Promise<void>((resolve) => void clock.setTimer(resolve, 60_000)))],
  })
  broker.produce('t', values(0, 1))
  await clock.advance('2m')
  broker.produce(
    't',
    Array.from({ length: 200 }, () => ({ value: 'bad' })),
  )
  await clock.advance('1s')
  expect(events('record:discarded')).toHaveLength(200)
  broker.produce('t', values(0, 100))
  await clock.advance('1s')
  expect(consumer.status().partitions[0]).toMatchObject({ maxPollRecords: 1, handlerTime: { meanMs: 60_000 } })
  await clock.advance('1h')
  expect(events('poll:late')).toEqual([])
})

test('a batch that is cut short by a record that does not decode says what those before it took', async () => {
  const handle = (records: readonly unknown[]): Promise<void> =>
    new Promise((resolve) => void clock.setTimer(resolve, records.length * 1_000))
  const handlers = [on('t', { value: decode, batch: true }, handle)]
  const { broker, clock, consumer, events } = await onBroker({ ...AUTO, ...SKIPPING, handlers })
  broker.produce(
    't',
    values(0, 500).map(({ value }, index) => ({ value: index % 5 === 4 ? 'bad' : value })),
  )
  await clock.advance('10m')
  expect(events('record:settled')).toHaveLength(500)
  expect(consumer.status().partitions[0]).toMatchObject({ maxPollRecords: 75, handlerTime: { meanMs: 1_000 } })
  broker.produce('t', values(0, 1_000))
  await clock.advance('30m')
  expect(events('attempt:late')).toEqual([])
})
