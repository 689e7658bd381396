import { setTimeout as sleep } from 'node:timers/promises'
import { on } from '@holdfast/core'
import { expect, inject, test } from 'vitest'
import { seededRandom } from '../support/random.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

test('records of a partition run one after another in log order; partitions run side by side', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(4)
  await cluster.produceNumbers(topic, 400, 4)
  const random = seededRandom(7)
  const started: Record<number, number[]> = { 0: [], 1: [], 2: [], 3: [] }
  const running = new Set<number>()
  let widest = 0
  const consumer = testConsumer(cluster.brokers, {
    groupId: topic,
    maxPollRecords: 7,
    handlers: [
      on(topic, async ({ partition, offset }) => {
        expect(running.has(partition)).toBe(false)
        running.add(partition)
        widest = Math.max(widest, running.size)
        started[partition]?.push(offset)
        await sleep(random() * 3)
        running.delete(partition)
      }),
    ],
  })
  await whileRunning(consumer, () =>
    until(
      'all records',
      () => Object.values(started).flat().length,
      (count) => count === 400,
    ),
  )
  for (const offsets of Object.values(started))
    expect(offsets).toEqual(Array.from({ length: 100 }, (_, offset) => offset))
  expect(widest).toBe(4)
})
