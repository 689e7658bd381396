import { setTimeout as sleep } from 'node:timers/promises'
import { type DriverEnvironment, driverContract } from '@holdfast/testing'
import { describe, inject, test } from 'vitest'
import { kafkajs } from '../src/index.ts'
import { Kafka, logLevel } from '../src/internals/kafkajs.ts'
import { TestCluster } from './support/test-cluster.ts'

const FETCH_MAX_WAIT_MS = 100

async function setup(): Promise<DriverEnvironment> {
  const brokers = inject('kafkaBrokers')
  const cluster = await TestCluster.connect(brokers)
  return {
    settings: {
      sessionTimeoutMs: 6_000,
      heartbeatIntervalMs: 100,
      rebalanceTimeoutMs: 8_000,
      fetchMaxWaitMs: FETCH_MAX_WAIT_MS,
    },
    async createTopic(topic, partitions) {
      await cluster.createTopic(partitions, topic)
    },
    async produce(topic, partition, values) {
      await cluster.produce(
        topic,
        values.map((value) => ({ partition, value })),
      )
    },
    async produceUndeliverable(topic, partition) {
      const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 10 } })
      const producer = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 })
      await producer.connect()
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ partition, value: 'aborted' }] })
      await transaction.abort()
      await producer.disconnect()
    },
    committed: async (groupId, topic, partition) => (await cluster.committed(groupId, topic))[partition] ?? -1,
    driver: () => kafkajs({ brokers }),
    quiet: () => sleep(FETCH_MAX_WAIT_MS * 4),
    close: () => cluster[Symbol.asyncDispose](),
  }
}

describe('the driver contract on a real broker', () => {
  for (const { name, run } of driverContract({ name: 'kafkajs', setup })) test(name, run)
})
