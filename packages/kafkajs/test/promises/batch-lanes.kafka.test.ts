import { setTimeout as sleep } from 'node:timers/promises'
import { on } from '@holdfast/core'
import { expect, inject, test } from 'vitest'
import { seededRandom } from '../support/random.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

const RECORDS = 6_000
const KEYS = 200

test('batches of one partition run side by side with keys of their own, and each record succeeds or fails by itself', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(1)
  await cluster.produce(
    topic,
    Array.from({ length: RECORDS }, (_, index) => ({ key: `key-${index % KEYS}`, value: String(index) })),
  )
  const random = seededRandom(11)
  const running = new Set<string>()
  const done = new Map<number, number>()
  const wrong: string[] = []
  let [widest, batches, failures] = [0, 0, 0]
  const consumer = testConsumer(cluster.brokers, {
    groupId: topic,
    order: 'key',
    concurrency: 10,
    maxPollRecords: 1_000,
    maxBatchRecords: 50,
    maxAttempts: 50,
    retryBackoffMs: 5,
    retryBackoffMaxMs: 20,
    handlers: [
      on(topic, { batch: true }, async (records) => {
        const keys = new Set(records.map(({ key }) => String(key)))
        for (const key of keys) if (running.has(key)) wrong.push(`${key} is in two batches at once`)
        for (const key of keys) running.add(key)
        batches += 1
        widest = Math.max(widest, running.size)
        await sleep(random() * 5)
        for (const key of keys) running.delete(key)
        return records.map(({ offset }) => {
          if (random() < 0.05) {
            failures += 1
            return new Error('no')
          }
          done.set(offset, (done.get(offset) ?? 0) + 1)
          return undefined
        })
      }),
    ],
  })
  await whileRunning(consumer, () =>
    until(
      'the end of the log',
      () => cluster.committed(topic, topic),
      ([offset]) => offset === RECORDS,
    ),
  )
  expect(wrong).toEqual([])
  expect(done.size).toBe(RECORDS)
  expect([...done.values()].every((times) => times === 1)).toBe(true)
  expect(failures).toBeGreaterThan(100)
  expect(batches).toBeGreaterThanOrEqual(RECORDS / 50)
  expect(widest).toBeGreaterThan(50)
})
