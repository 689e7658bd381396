import { setTimeout as sleep } from 'node:timers/promises'
import { on } from '@holdfast/core'
import { describe, expect, inject, test } from 'vitest'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

const SESSION = { sessionTimeoutMs: 1_500, heartbeatIntervalMs: 200 }

describe('a slow handler', () => {
  test('that takes far longer than the session keeps the membership, and its neighbours go on', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(2)
    await cluster.produceNumbers(topic, 20, 2)
    const handled: number[] = []
    const generations: number[] = []
    const consumer = testConsumer(cluster.brokers, {
      ...SESSION,
      groupId: topic,
      maxPollRecords: 2,
      handlers: [
        on(topic, async ({ partition, offset }) => {
          if (partition === 0 && offset === 3) await sleep(5_000)
          handled.push(partition)
        }),
      ],
    })
    consumer.on('group:joined', ({ generationId }) => generations.push(generationId))
    await whileRunning(consumer, async () => {
      const countOf = (wanted: number): number => handled.filter((partition) => partition === wanted).length
      await until(
        'all of partition 1, and what precedes the slow record',
        () => [countOf(0), countOf(1)],
        (counts) => counts.join() === '3,10',
      )
      await until(
        'the end of the log',
        () => cluster.committed(topic, topic),
        ([first]) => first === 10,
      )
    })
    expect(handled).toHaveLength(20)
    expect(generations).toHaveLength(1)
  })

  test('that blocks the event loop past the session loses the membership, and commits nothing with it', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    await cluster.produceNumbers(topic, 10, 1)
    const calls: number[] = []
    const committedUnder = new Map<number, number>()
    const consumer = testConsumer(cluster.brokers, {
      ...SESSION,
      groupId: topic,
      commitInterval: { records: 1, ms: 50 },
      handlers: [
        on(topic, ({ offset }) => {
          calls.push(offset)
          if (offset !== 4 || calls.filter((call) => call === 4).length > 1) return
          const endMs = performance.now() + 4_000
          while (performance.now() < endMs);
        }),
      ],
    })
    const ended: string[] = []
    const blocks: { readonly durationMs: number; readonly offsets: number[] }[] = []
    consumer.on('loop:blocked', ({ durationMs, attempts }) =>
      blocks.push({ durationMs, offsets: attempts.map(({ offset }) => offset) }),
    )
    consumer.on('commit:fenced', () => ended.push('fenced'))
    consumer.on('group:lost', () => ended.push('lost'))
    consumer.on('commit:ok', ({ offsets }) => {
      for (const { epoch, offset } of offsets) committedUnder.set(epoch, offset)
    })
    await whileRunning(consumer, () =>
      until(
        'the end of the log',
        () => cluster.committed(topic, topic),
        ([offset]) => offset === 10,
      ),
    )
    expect(ended.length).toBeGreaterThan(0)
    expect(committedUnder.get(1) ?? 0).toBeLessThanOrEqual(4)
    expect(calls.filter((call) => call === 4).length).toBeGreaterThan(1)
    const block = blocks.find(({ durationMs }) => durationMs > 2 * SESSION.sessionTimeoutMs)
    expect(block?.offsets).toContain(4)
  })
})
