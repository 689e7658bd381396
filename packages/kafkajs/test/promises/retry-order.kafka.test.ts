import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConsumerRecord, halt, on, type RetryTopic, retryTopics } from '@holdfast/core'
import { describe, expect, inject, test } from 'vitest'
import { Kafka, logLevel } from '../../src/internals/kafkajs.ts'
import { seededRandom } from '../support/random.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'
import { readEffects, Worker } from '../support/worker.ts'

const KEYS = 24
const RECORDS = 600
const PARTITIONS = 3
/** So long after the beginning handlers may fail. */
const TROUBLE_MS = 9_000

/** Topics with these delays, a partition more in every other one: their owners are not those of the source. */
async function retryTopicsOf(cluster: TestCluster, delaysMs: readonly number[]): Promise<RetryTopic[]> {
  const widths = delaysMs.map((_, index) => PARTITIONS + (index % 2))
  const topics = await Promise.all(widths.map((width) => cluster.createTopic(width)))
  return topics.map((topic, index) => ({ topic, delayMs: delaysMs[index] as number }))
}

/** Records of several keys in turn, each with its number within its key. */
function numbered(from: number, to: number): { key: string; value: string }[] {
  return Array.from({ length: to - from }, (_, index) => {
    const number = from + index
    return { key: `k${number % KEYS}`, value: `k${number % KEYS}:${Math.floor(number / KEYS)}` }
  })
}

async function isSettled(cluster: TestCluster, groupId: string, topic: string): Promise<boolean> {
  const [committed, ends] = [await cluster.committed(groupId, topic), await cluster.logEnds(topic)]
  return ends.every((end, partition) => Math.max(0, committed[partition] ?? -1) === end)
}

describe('the order of keys over retry topics on a real broker', () => {
  test('a key that fails waits with all that follows; other keys go on, and it is direct again afterwards', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(PARTITIONS)
    const levels = await retryTopicsOf(cluster, [1_500, 1_500])
    const done: { value: string; topic: string }[] = []
    const calls = new Map<string, number>()
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      order: 'key',
      commitInterval: { records: 100, ms: 100 },
      onFailure: retryTopics(levels, { keepOrder: true }).then(halt()),
      handlers: [
        on(topic, (record: ConsumerRecord) => {
          const value = String(record.value)
          const call = (calls.get(value) ?? 0) + 1
          calls.set(value, call)
          if (value === 'k7:0' && call < 3) throw new Error('no')
          done.push({ value, topic: record.topic })
        }),
      ],
    })
    const failedLooks: unknown[] = []
    consumer.on('keyorder:failed', ({ error }) => void failedLooks.push(error))
    await whileRunning(consumer, async () => {
      await cluster.produce(topic, numbered(0, 10 * KEYS))
      await until(
        'the end of both chains',
        () => done.length,
        (count) => count === 10 * KEYS,
      )
      await until(
        'the commits',
        async () => {
          const all = [topic, ...levels.map((level) => (level as { topic: string }).topic)]
          return Promise.all(all.map((each) => isSettled(cluster, topic, each)))
        },
        (settled) => settled.every((each) => each),
      )
      // Each one that still follows is the beginning of another wait.
      for (let number = 10; done.at(-1)?.topic !== topic && number < 20; number += 1) {
        await cluster.produce(topic, [{ key: 'k7', value: `k7:${number}` }])
        await until(
          'the next record',
          () => done.at(-1)?.value,
          (value) => value === `k7:${number}`,
        )
        await sleep(1_500)
      }
    })
    const others = done.findIndex(({ value }) => value.startsWith('k7:'))
    expect(others).toBe(10 * (KEYS - 1))
    expect(failedLooks).toEqual([])
    const held = done.slice(others)
    expect(held.map(({ value }) => value)).toEqual(held.map((_, number) => `k7:${number}`))
    const last = (levels[1] as { topic: string }).topic
    expect(new Set(held.slice(0, 10).map((each) => each.topic))).toEqual(new Set([last]))
    expect(held.at(-1)?.topic).toBe(topic)
  })

  test('behind an open transaction of a retry topic a key still waits', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const [topic, retryTopic] = [await cluster.createTopic(1), await cluster.createTopic(1)]
    const kafka = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING })
    const producer = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic: retryTopic, messages: [{ value: 'x:0' }] })
    const done: string[] = []
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      order: 'key',
      commitInterval: { records: 100, ms: 100 },
      onFailure: retryTopics([{ topic: retryTopic, delayMs: 100 }], { keepOrder: true }).then(halt()),
      handlers: [
        on(topic, (record: ConsumerRecord) => {
          if (record.topic === topic && String(record.value) === 'a:0') throw new Error('no')
          done.push(String(record.value))
        }),
      ],
    })
    await whileRunning(consumer, async () => {
      await cluster.produce(topic, [{ key: 'a', value: 'a:0' }])
      await until(
        'the move',
        () => consumer.status().moved,
        (moved) => moved === 1,
      )
      // Two looks, by which the key would count as through.
      await sleep(2_500)
      await cluster.produce(topic, [{ key: 'a', value: 'a:1' }])
      await until(
        'the next move',
        () => consumer.status().moved + done.length,
        (count) => count === 2,
      )
      await transaction.commit()
      await until(
        'all records',
        () => done.length,
        (count) => count === 3,
      )
    })
    await producer.disconnect()
    expect(done).toEqual(['x:0', 'a:0', 'a:1'])
  })

  test('two members, handlers that fail at random, kill -9: first effects in order, all settled, nothing lost', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(PARTITIONS)
    const levels = await retryTopicsOf(cluster, [300, 600, 1_200, 2_400, 4_800, 4_800])
    const random = seededRandom(11)
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-effects-'))
    const effects = join(folder, 'effects')
    const retries = { topics: levels, share: 0.15, untilMs: Date.now() + TROUBLE_MS }
    const settings = { brokers: cluster.brokers, topic, groupId: topic, effects, order: 'key', handlerMs: 1 } as const
    const start = (): Worker => new Worker({ ...settings, delivery: 'at-least-once', retries })
    const workers = [start(), start()]
    try {
      await Promise.all(workers.map((worker) => worker.joined()))
      for (let from = 0; from < RECORDS; from += 50) {
        await cluster.produce(topic, numbered(from, from + 50))
        await sleep(random() * 600)
        if (from % 200 !== 150) continue
        const victim = Math.floor(random() * 2)
        await workers[victim]?.kill()
        workers[victim] = start()
      }
      const all = [topic, ...levels.map((level) => (level as { topic: string }).topic)]
      await until(
        'the end of every topic',
        () => Promise.all(all.map((each) => isSettled(cluster, topic, each))),
        (settled) => settled.every((each) => each),
        60_000,
      )
      const values = [...new Set(readEffects(effects).map(({ value }) => value))]
      expect(values.toSorted()).toEqual(
        numbered(0, RECORDS)
          .map(({ value }) => value)
          .toSorted(),
      )
      for (const [key, list] of Map.groupBy(values, (value) => value.split(':')[0])) {
        const numbers = list.map((value) => Number(value.split(':')[1]))
        expect([key, numbers]).toEqual([key, numbers.toSorted((a, b) => a - b)])
      }
      const moved = await Promise.all(all.slice(1).map((each) => cluster.logEnds(each)))
      expect(moved.flat().reduce((sum, end) => sum + end, 0)).toBeGreaterThan(RECORDS / 10)
    } finally {
      await Promise.all(workers.map((worker) => worker.kill()))
      rmSync(folder, { recursive: true })
    }
  })
})
