import { setTimeout as sleep } from 'node:timers/promises'
import { on } from '@holdfast/core'
import { expect, inject, test } from 'vitest'
import { Kafka, logLevel } from '../../src/internals/kafkajs.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

const STALL_MS = 500

test('what an open transaction holds back is no lag, and does not make a consumer of committed records stall', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(1)
  await cluster.produce(topic, [{ value: 'before' }])
  const kafka = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: [{ value: 'inside' }] })
  const handled: string[] = []
  const consumer = testConsumer(cluster.brokers, {
    groupId: topic,
    stallTimeoutMs: STALL_MS,
    handlers: [on(topic, ({ value }) => void handled.push(String(value)))],
  })
  const changes: string[] = []
  consumer.on('health:changed', ({ to }) => void changes.push(to))
  await whileRunning(consumer, async () => {
    await until(
      'the first record',
      () => consumer.status().partitions[0],
      (partition) => partition?.committed === 1,
    )
    expect(consumer.status().partitions[0]).toMatchObject({ logEnd: 1, lag: 0 })
    // That nothing happens shows only after the time in which it would.
    await sleep(4 * STALL_MS)
    await transaction.commit()
    await until(
      'its record',
      () => handled,
      (values) => values.length === 2,
    )
    expect(changes).toEqual(['healthy'])
  })
  await producer.disconnect()
})
