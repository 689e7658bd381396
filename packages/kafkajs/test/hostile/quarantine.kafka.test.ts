import { gzipSync } from 'node:zlib'
import { type ConsumerEvents, type ConsumerRecord, on, peekDeadLetters } from '@holdfast/core'
import { describe, expect, inject, test } from 'vitest'
import { kafkajs } from '../../src/index.ts'
import { readCommitted } from '../support/copy-story.ts'
import { quietLogger } from '../support/quiet-logger.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'
import { rawBatch, rawRecord } from './raw-batch.ts'
import { produceRaw } from './raw-produce.ts'

/** The largest of the process counts: no other consumer of this file has one that is larger. */
const LIMIT = { maxDecompressedBytes: 128 * 1024 * 1024 }
const BOMB_BYTES = 200 * 1024 * 1024
const PARTITIONS = 3

/** Two records that inflate beyond the limit. */
function bomb(): Buffer {
  const half = Buffer.alloc(BOMB_BYTES / 2)
  const records = [0, 1].map((offsetDelta) => rawRecord({ value: half, offsetDelta }))
  return rawBatch({ codec: 1, count: 2, body: gzipSync(Buffer.concat(records), { level: 1 }) })
}

/** Good records, then a bomb in partition 0 alone, then good ones. */
async function bombed(cluster: TestCluster): Promise<string> {
  const topic = await cluster.createTopic(PARTITIONS)
  await cluster.produceNumbers(topic, 5 * PARTITIONS, PARTITIONS)
  const { errorCode, baseOffset } = await produceRaw(cluster.brokers[0] as string, topic, 0, bomb())
  expect([errorCode, baseOffset]).toEqual([0, 5])
  await cluster.produceNumbers(topic, 5 * PARTITIONS, PARTITIONS, 5 * PARTITIONS)
  return topic
}

interface Seen {
  readonly handled: string[]
  readonly quarantined: ConsumerEvents['record:quarantined'][]
  readonly halted: ConsumerEvents['partition:halted'][]
}

function reading(cluster: TestCluster, topic: string, options: object = {}) {
  const seen: Seen = { handled: [], quarantined: [], halted: [] }
  const handler = on(topic, ({ partition, offset }: ConsumerRecord) => void seen.handled.push(`${partition}@${offset}`))
  const given = { groupId: topic, retryBackoffMs: 20, commitInterval: { ms: 50 }, handlers: [handler], ...options }
  const consumer = testConsumer(cluster.brokers, given, LIMIT)
  consumer.on('record:quarantined', (event) => void seen.quarantined.push(event))
  consumer.on('partition:halted', (event) => void seen.halted.push(event))
  return { consumer, seen }
}

const offsets = (partition: number, all: readonly number[]): string[] => all.map((offset) => `${partition}@${offset}`)
const OTHERS = [1, 2].flatMap((partition) => offsets(partition, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))

describe('a batch that inflates beyond its limit', () => {
  test('is noted in the dead-letter topic and passed; every other record is handled', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await bombed(cluster)
    const deadLetterTopic = await cluster.createTopic(1)
    const { consumer, seen } = reading(cluster, topic, { deadLetterTopic })
    await whileRunning(consumer, async () => {
      await until(
        'the end of the log',
        () => cluster.committed(topic, topic),
        (committed) => committed.join() === '12,10,10',
      )
      expect(consumer.status()).toMatchObject({ quarantined: 2, health: { status: 'healthy' } })
    })
    expect(seen.handled.toSorted()).toEqual([...offsets(0, [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]), ...OTHERS].toSorted())
    expect(seen.quarantined).toMatchObject([{ topic, partition: 0, offset: 5, lastOffset: 6, deadLetterTopic }])
    const driver = kafkajs({ brokers: cluster.brokers, ...LIMIT })
    expect(await peekDeadLetters({ driver, topic: deadLetterTopic, logger: quietLogger })).toMatchObject([
      {
        id: `${topic}/${topic}/0/5`,
        source: { topic, partition: 0, offset: 5 },
        quarantined: { firstOffset: 5, lastOffset: 6 },
        error: {
          message: expect.stringContaining(`inflates to more than maxDecompressedBytes (${128 * 1024 * 1024})`),
        },
        value: null,
      },
    ])
  })

  test('is passed with transactions, by which every other record has its output once', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await bombed(cluster)
    const [deadLetterTopic, out] = [await cluster.createTopic(1), await cluster.createTopic(1)]
    const copy = on(topic, ({ key, value }, { produce }) => produce({ topic: out, key, value }))
    const transacting = { delivery: 'exactly-once', transactions: true, deadLetterTopic, handlers: [copy] }
    const { consumer, seen } = reading(cluster, topic, transacting)
    await whileRunning(consumer, () =>
      until(
        'the end of the log',
        () => cluster.committed(topic, topic),
        (committed) => committed.join() === '12,10,10',
      ),
    )
    expect(seen.quarantined).toMatchObject([{ topic, partition: 0, offset: 5, lastOffset: 6, deadLetterTopic }])
    const numbers = Array.from({ length: 10 * PARTITIONS }, (_, index) => String(index))
    expect((await readCommitted(cluster, out)).toSorted()).toEqual(numbers.toSorted())
    const driver = kafkajs({ brokers: cluster.brokers })
    expect(await peekDeadLetters({ driver, topic: deadLetterTopic, logger: quietLogger })).toMatchObject([
      { quarantined: { firstOffset: 5, lastOffset: 6 } },
    ])
  })

  test('halts its partition where there is no such topic, and no other', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await bombed(cluster)
    const { consumer, seen } = reading(cluster, topic)
    await whileRunning(consumer, async () => {
      await until(
        'all that can be had',
        () => cluster.committed(topic, topic),
        (committed) => committed.join() === '5,10,10',
      )
      await until(
        'the halt',
        () => seen.halted.length,
        (count) => count === 1,
      )
      expect(consumer.status().health).toMatchObject({
        status: 'unhealthy',
        reasons: [{ code: 'halted', topic, partition: 0, message: expect.stringMatching(/Fix: set deadLetterTopic/) }],
      })
    })
    expect(seen.handled.toSorted()).toEqual([...offsets(0, [0, 1, 2, 3, 4]), ...OTHERS].toSorted())
    expect(seen.halted).toMatchObject([{ partition: 0, offset: 5, attempt: 1, error: { code: 'HF_UNDECODABLE' } }])
    expect(await cluster.committed(topic, topic)).toEqual([5, 10, 10])
  })
})
