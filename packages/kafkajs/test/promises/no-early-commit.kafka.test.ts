import { setTimeout as sleep } from 'node:timers/promises'
import { on } from '@holdfast/core'
import { expect, inject, test } from 'vitest'
import { seededRandom } from '../support/random.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

test('the committed offset never passes a record whose handler has not returned', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(3)
  await cluster.produceNumbers(topic, 300, 3)
  const random = seededRandom(3)
  const returned = [0, 0, 0]
  const failing = new Set(['40', '41', '100', '200'])
  let samples = 0
  const consumer = testConsumer(cluster.brokers, {
    groupId: topic,
    commitInterval: { records: 5, ms: 20 },
    retryBackoffMs: 5,
    handlers: [
      on(topic, async ({ partition, offset, value }) => {
        await sleep(random() * 6)
        if (failing.delete(String(value))) throw new Error('once')
        returned[partition] = offset + 1
      }),
    ],
  })
  await whileRunning(consumer, () =>
    until(
      'the end of the log',
      async () => {
        const committed = await cluster.committed(topic, topic)
        // Read after the broker's answer: what has returned by now bounds what may have been committed before.
        for (const [partition, offset] of committed.entries()) {
          expect(offset).toBeLessThanOrEqual(returned[partition] as number)
          if (offset > 0 && offset < 100) samples += 1
        }
        return committed
      },
      (offsets) => offsets.every((offset) => offset === 100),
    ),
  )
  expect(samples).toBeGreaterThan(5)
})
