import { setTimeout as sleep } from 'node:timers/promises'
import { on } from '@holdfast/core'
import { describe, expect, inject, test } from 'vitest'
import { seededRandom } from '../support/random.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

const RECORDS = 50_000
const KEYS = 1_000

describe('order by key', () => {
  test('50,000 records of 1,000 keys in one partition over 200 slots: each once, in order per key, all committed', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    for (let first = 0; first < RECORDS; first += 10_000) {
      const messages = Array.from({ length: 10_000 }, (_, index) => ({
        key: `key-${(first + index) % KEYS}`,
        value: String(first + index),
      }))
      await cluster.produce(topic, messages)
    }
    const random = seededRandom(5)
    const last = new Map<string, number>()
    const running = new Set<string>()
    const wrong: string[] = []
    let handled = 0
    let widest = 0
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      order: 'key',
      concurrency: 200,
      handlers: [
        on(topic, async ({ key, offset }) => {
          const name = String(key)
          if (running.has(name)) wrong.push(`${name}@${offset} runs beside another of its key`)
          if ((last.get(name) ?? -1) >= offset) wrong.push(`${name}@${offset} after ${last.get(name)}`)
          running.add(name)
          last.set(name, offset)
          widest = Math.max(widest, running.size)
          if (random() < 0.05) await sleep(random() * 4)
          running.delete(name)
          handled += 1
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
    expect(handled).toBe(RECORDS)
    expect(widest).toBeGreaterThan(20)
  })

  test('a slow key delays no other key, and commits wait for it', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    await cluster.produce(
      topic,
      Array.from({ length: 300 }, (_, index) => ({
        key: index === 0 ? 'slow' : `k${index % 20}`,
        value: String(index),
      })),
    )
    const release = Promise.withResolvers<void>()
    let others = 0
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      order: 'key',
      concurrency: 5,
      commitInterval: { records: 1, ms: 20 },
      handlers: [
        on(topic, async ({ key }) => {
          if (String(key) === 'slow') await release.promise
          else others += 1
        }),
      ],
    })
    await whileRunning(consumer, async () => {
      await until(
        'the other keys',
        () => others,
        (count) => count === 299,
      )
      expect(consumer.status().partitions[0]).toMatchObject({ committable: 0, open: 1 })
      expect(await cluster.committed(topic, topic)).toEqual([0])
      release.resolve()
      await until(
        'the end of the log',
        () => cluster.committed(topic, topic),
        ([offset]) => offset === 300,
      )
    })
  })

  test('too many done records past an open one make their partition wait, and others go on', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(2)
    await cluster.produceNumbers(topic, 400, 2)
    const release = Promise.withResolvers<void>()
    const handled = [0, 0]
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      order: 'key',
      maxPollRecords: 10,
      maxUncommittedRecords: 30,
      handlers: [
        on(topic, async ({ partition, offset }) => {
          if (partition === 0 && offset === 0) await release.promise
          handled[partition] = (handled[partition] ?? 0) + 1
        }),
      ],
    })
    await whileRunning(consumer, async () => {
      await until(
        'partition 1',
        () => handled[1],
        (count) => count === 200,
      )
      await until(
        'the pause',
        () => consumer.status().partitions[0]?.pausedBy,
        (causes) => causes?.includes('uncommitted') === true,
      )
      expect(handled[0]).toBeLessThanOrEqual(40)
      release.resolve()
      await until(
        'partition 0',
        () => handled[0],
        (count) => count === 200,
      )
    })
  })

  test('slots can be changed while it runs', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    await cluster.produceNumbers(topic, 60, 1)
    let running = 0
    let handled = 0
    let widest = 0
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      order: 'key',
      concurrency: 1,
      handlers: [
        on(topic, async () => {
          running += 1
          widest = Math.max(widest, running)
          await sleep(10)
          running -= 1
          handled += 1
          if (handled === 10) {
            expect(widest).toBe(1)
            consumer.setConcurrency(8)
          }
        }),
      ],
    })
    await whileRunning(consumer, () =>
      until(
        'all records',
        () => handled,
        (count) => count === 60,
      ),
    )
    expect(widest).toBe(8)
    expect(() => consumer.setConcurrency(0)).toThrow(/HF_OPTION_INVALID: concurrency = 0/)
  })
})
