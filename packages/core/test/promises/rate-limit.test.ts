import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { createConsumer } from '../../src/consumer.ts'
import { on } from '../../src/pipeline/handler.ts'
import { values } from '../support/harness.ts'
import { silentLogger } from '../support/silent-logger.ts'

// The rate limit is p-queue's, which knows the process's timers alone.
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

async function running(partitions: number, options: Partial<ConsumerOptions>) {
  const broker = fakeBroker()
  broker.createTopic('t', partitions)
  let handled = 0
  const handler = on('t', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1))
    handled += 1
  })
  const consumer = createConsumer({
    groupId: 'g',
    driver: broker.driver(),
    logger: silentLogger,
    order: 'none',
    handlers: [handler],
    ...options,
  })
  void consumer.run()
  await vi.advanceTimersByTimeAsync(50)
  return { broker, consumer, handled: () => handled }
}

test('the rate limit is spent on records alone, also where partitions may use one slot each', async () => {
  const { broker, consumer, handled } = await running(2, {
    concurrency: 20,
    concurrencyPerPartition: 1,
    maxPollRecords: 500,
    rateLimit: { records: 20, intervalMs: 200 },
  })
  for (const partition of [0, 1]) broker.produce('t', values(0, 400, partition))
  await vi.advanceTimersByTimeAsync(2_000)
  // Ten intervals of twenty; those of the first and of the last one may be cut.
  expect(handled()).toBeGreaterThanOrEqual(160)
  expect(handled()).toBeLessThanOrEqual(220)
  const stopped = consumer.stop()
  await vi.advanceTimersByTimeAsync(2_000)
  await stopped
})

test('nothing keeps the process after the stop, however long the interval of the rate limit is', async () => {
  const { broker, consumer, handled } = await running(1, {
    concurrency: 5,
    rateLimit: { records: 2, intervalMs: 60_000 },
  })
  broker.produce('t', values(0, 20))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(handled()).toBe(2)
  const stopped = consumer.stop()
  await vi.advanceTimersByTimeAsync(1_000)
  await stopped
  expect(vi.getTimerCount()).toBe(0)
})
