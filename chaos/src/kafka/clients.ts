import client from 'kafkajs'
// The client as it is wakes a thousand times a second for every connection, which would be felt here.
import { mendRequestQueue } from '../../../packages/kafkajs/src/internals/request-queue.ts'

/** The program's own way to the brokers. */
export interface Clients extends AsyncDisposable {
  readonly admin: client.Admin
  readonly producer: client.Producer
}

export async function connectClients(brokers: readonly string[]): Promise<Clients> {
  mendRequestQueue()
  const kafka = new client.Kafka({
    brokers: [...brokers],
    clientId: 'chaos',
    logLevel: client.logLevel.NOTHING,
    retry: { retries: 20, maxRetryTime: 1_000 },
  })
  const admin = kafka.admin()
  // A request that is repeated must not append its records twice, or out of order.
  const producer = kafka.producer({
    createPartitioner: client.Partitioners.DefaultPartitioner,
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await Promise.all([admin.connect(), producer.connect()])
  return {
    admin,
    producer,
    async [Symbol.asyncDispose]() {
      await Promise.all([admin.disconnect(), producer.disconnect()])
    },
  }
}

export interface Topic {
  readonly name: string
  readonly partitions: number
}

export async function createTopics(admin: client.Admin, topics: readonly Topic[]): Promise<void> {
  await admin.createTopics({
    topics: topics.map(({ name, partitions }) => ({ topic: name, numPartitions: partitions, replicationFactor: 1 })),
    waitForLeaders: true,
  })
}

/** The ends of the logs by `topic/partition`. */
export async function readLogEnds(admin: client.Admin, topics: readonly Topic[]): Promise<Map<string, number>> {
  const ends = new Map<string, number>()
  for (const { name } of topics) {
    for (const { partition, high } of await admin.fetchTopicOffsets(name))
      ends.set(`${name}/${partition}`, Number(high))
  }
  return ends
}
