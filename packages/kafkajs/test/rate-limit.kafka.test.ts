import { on } from '@holdfast/core'
import { expect, inject, test } from 'vitest'
import { TestCluster } from './support/test-cluster.ts'
import { testConsumer, whileRunning } from './support/test-consumer.ts'
import { until } from './support/until.ts'

test('rateLimit hands over so many records per interval, and concurrencyPerPartition caps a partition', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(1)
  await cluster.produceNumbers(topic, 30, 1)
  const startedMs: number[] = []
  let running = 0
  let widest = 0
  const consumer = testConsumer(cluster.brokers, {
    groupId: topic,
    order: 'key',
    concurrencyPerPartition: 2,
    rateLimit: { records: 10, intervalMs: 300 },
    handlers: [
      on(topic, async () => {
        startedMs.push(performance.now())
        running += 1
        widest = Math.max(widest, running)
        await new Promise((resolve) => setTimeout(resolve, 5))
        running -= 1
      }),
    ],
  })
  await whileRunning(consumer, () =>
    until(
      'all records',
      () => startedMs.length,
      (count) => count === 30,
    ),
  )
  expect(widest).toBe(2)
  // The eleventh record belongs to the second interval, the twenty-first to the third.
  expect((startedMs[20] as number) - (startedMs[0] as number)).toBeGreaterThan(300)
})
