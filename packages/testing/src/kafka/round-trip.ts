import { randomUUID } from 'node:crypto'

import kafkajs, { type Admin, type Kafka as Client, type Consumer } from 'kafkajs'

import { within } from './deadline.ts'

const { Partitioners } = kafkajs

const FETCH_MS = 10_000

/** Produces to a topic of its own and fetches that as a member of a group; leaves neither behind. */
export async function roundTrip(client: Client, admin: Admin, brokers: number): Promise<void> {
  const topic = `__holdfast_ready_${randomUUID()}`
  const consumer = client.consumer({ groupId: topic, maxWaitTimeInMs: 100, sessionTimeout: 10_000 })
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  try {
    const replicationFactor = Math.min(brokers, 3)
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor }] })
    await producer.connect()
    await producer.send({ topic, messages: [{ value: 'ready' }] })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await within(FETCH_MS, firstRecord(consumer))
  } finally {
    await Promise.allSettled([consumer.disconnect(), producer.disconnect()])
    await Promise.allSettled([admin.deleteTopics({ topics: [topic] }), admin.deleteGroups([topic])])
  }
}

function firstRecord(consumer: Consumer): Promise<void> {
  return new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    consumer.run({ eachMessage: async () => resolve() }).catch(reject)
  })
}
