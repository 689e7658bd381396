import { on } from '@holdfast/core'
import { describe, expect, inject, test } from 'vitest'
import { Kafka, logLevel } from '../src/internals/kafkajs.ts'
import { TestCluster } from './support/test-cluster.ts'
import { testConsumer, whileRunning } from './support/test-consumer.ts'
import { until } from './support/until.ts'

describe('the position', () => {
  test('passes control and aborted records, so that lag reaches zero', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    const producer = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).producer({
      transactionalId: topic,
      idempotent: true,
      maxInFlightRequests: 1,
      retry: { initialRetryTime: 10 },
    })
    await producer.connect()
    const transact = async (outcome: 'commit' | 'abort'): Promise<void> => {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ value: outcome }, { value: outcome }] })
      await transaction[outcome]()
    }
    const values: string[] = []
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      handlers: [on(topic, ({ value }) => values.push(String(value)))],
    })
    const endsAt = (end: number): Promise<number[]> =>
      until(
        `the commit of ${end}`,
        () => cluster.committed(topic, topic),
        ([offset]) => offset === end,
      )
    await whileRunning(consumer, async () => {
      await transact('commit')
      await endsAt(3)
      await transact('abort')
      await endsAt(6)
    })
    await producer.disconnect()
    expect(values).toEqual(['commit', 'commit'])
    expect(await cluster.logEnds(topic)).toEqual([6])
  })

  test('outside the log moves to its start, with an event, and commits nothing by itself', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    await cluster.produceNumbers(topic, 20, 1)
    await cluster.admin.setOffsets({ groupId: topic, topic, partitions: [{ partition: 0, offset: '5' }] })
    await cluster.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '12' }] })
    const offsets: number[] = []
    const resets: unknown[] = []
    const committed: number[] = []
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      handlers: [on(topic, ({ offset }) => offsets.push(offset))],
    })
    consumer.on('partition:reset', (event) => resets.push(event))
    consumer.on('commit:ok', (event) => committed.push(...event.offsets.map(({ offset }) => offset)))
    await whileRunning(consumer, () =>
      until(
        'the end of the log',
        () => cluster.committed(topic, topic),
        ([offset]) => offset === 20,
      ),
    )
    expect(offsets).toEqual([12, 13, 14, 15, 16, 17, 18, 19])
    expect(resets).toMatchObject([{ topic, partition: 0, from: 5, to: 12, jumped: 7 }])
    expect(Math.min(...committed)).toBeGreaterThanOrEqual(12)
  })

  test.each([
    ['without a committed offset', undefined],
    ['outside the log', '5'],
  ])('%s ends the run where autoOffsetReset is none', async (_case, offset) => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    await cluster.produceNumbers(topic, 20, 1)
    if (offset !== undefined) {
      await cluster.admin.setOffsets({ groupId: topic, topic, partitions: [{ partition: 0, offset }] })
      await cluster.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '12' }] })
    }
    const handled: number[] = []
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      autoOffsetReset: 'none',
      handlers: [on(topic, (record) => void handled.push(record.offset))],
    })
    await expect(consumer.run()).rejects.toMatchObject({ code: 'HF_OFFSET_MISSING', details: { topic, partition: 0 } })
    expect(handled).toEqual([])
    expect(await cluster.committed(topic, topic)).toEqual([Number(offset ?? -1)])
  })

  test('starts where the group has committed, and with latest at the end where it has not', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(2)
    await cluster.produceNumbers(topic, 20, 2)
    await cluster.admin.setOffsets({ groupId: topic, topic, partitions: [{ partition: 0, offset: '7' }] })
    const offsets: [number, number][] = []
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      autoOffsetReset: 'latest',
      handlers: [on(topic, ({ partition, offset }) => offsets.push([partition, offset]))],
    })
    const joined = new Promise((resolve) => consumer.on('group:joined', resolve))
    await whileRunning(consumer, async () => {
      await joined
      await cluster.produce(topic, [{ partition: 1, value: 'new' }])
      await until(
        'both partitions',
        () => offsets.length,
        (count) => count === 4,
      )
    })
    expect(offsets.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])).toEqual([
      [0, 7],
      [0, 8],
      [0, 9],
      [1, 10],
    ])
  })

  test('a partition paused by the user delivers nothing until it is resumed, then goes on without a gap', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(2)
    const values: string[] = []
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      handlers: [on(topic, ({ value }) => values.push(String(value)))],
    })
    consumer.pause(topic, 0)
    await whileRunning(consumer, async () => {
      await until(
        'the join',
        () => consumer.status().state,
        (state) => state === 'running',
      )
      await cluster.produceNumbers(topic, 20, 2)
      await until(
        'partition 1',
        () => values.length,
        (count) => count === 10,
      )
      expect(values.every((value) => Number(value) % 2 === 1)).toBe(true)
      expect(consumer.status().partitions[0]?.pausedBy).toEqual(['user'])
      consumer.resume(topic, 0)
      await until(
        'partition 0',
        () => values.length,
        (count) => count === 20,
      )
    })
    expect(values.slice(10).map(Number)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18])
  })
})
