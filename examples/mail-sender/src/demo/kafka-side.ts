import { setTimeout as wait } from 'node:timers/promises'
import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import type { MailRequest } from '../mail-request.ts'
import type { PartitionOffsets } from './offsets.ts'

const PARTITIONS = 6
const CHUNK = 1_000
const SERVED_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 50

/** The demo's own view of the broker: what it produces, and what the broker says of the group. */
export interface KafkaSide extends AsyncDisposable {
  /** Creates the topic; answers false when there is one of that name. */
  createTopic(topic: string): Promise<boolean>
  produce(topic: string, requests: readonly MailRequest[]): Promise<void>
  offsets(topic: string, groupId: string): Promise<PartitionOffsets[]>
  /** How many records the topic has. */
  count(topic: string): Promise<number>
  /** Removes the topics and the group. */
  remove(topics: readonly string[], groupId: string): Promise<void>
}

export async function connectKafka(brokers: readonly string[]): Promise<KafkaSide> {
  const client = new kafkajs.Kafka({
    clientId: 'mail-sender-demo',
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
  })
  const admin = client.admin()
  await admin.connect()
  return {
    async createTopic(topic) {
      const isNew = await admin.createTopics({
        waitForLeaders: false,
        topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: -1 }],
      })
      if (isNew) await untilServed(admin, topic)
      return isNew
    },
    produce: (topic, requests) => produce(client, topic, requests),
    offsets: (topic, groupId) => fetchOffsets(admin, topic, groupId),
    async count(topic) {
      const ends = await admin.fetchTopicOffsets(topic)
      return ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
    },
    async remove(topics, groupId) {
      await admin.deleteTopics({ topics: [...topics] })
      // It may still count a member that was killed. Its offsets are gone with the topic, and the broker drops it by itself.
      await admin.deleteGroups([groupId]).catch(() => undefined)
    },
    [Symbol.asyncDispose]: () => admin.disconnect(),
  }
}

/** A broker learns of a new topic a moment after its creation was acknowledged, and answers with an error until then. */
async function untilServed(admin: Admin, topic: string): Promise<void> {
  const endMs = performance.now() + SERVED_WITHIN_MS
  for (;;) {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }))
    const partitions = topics[0]?.partitions ?? []
    if (partitions.length === PARTITIONS && partitions.every(({ leader }) => leader >= 0)) return
    if (performance.now() > endMs) throw new Error(`the topic ${topic} has no leaders after ${SERVED_WITHIN_MS} ms`)
    await wait(LOOK_EVERY_MS)
  }
}

/** The recipient is the key: mails to one person are sent in the order in which they were requested. */
async function produce(client: Kafka, topic: string, requests: readonly MailRequest[]): Promise<void> {
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, idempotent: true })
  await producer.connect()
  try {
    for (let from = 0; from < requests.length; from += CHUNK) {
      const messages = requests
        .slice(from, from + CHUNK)
        .map((request) => ({ key: request.to, value: JSON.stringify(request) }))
      await producer.send({ topic, messages })
    }
  } finally {
    await producer.disconnect()
  }
}

async function fetchOffsets(admin: Admin, topic: string, groupId: string): Promise<PartitionOffsets[]> {
  const [ends, [group]] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId, topics: [topic] }),
  ])
  const committed = new Map(group?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
  return ends
    .map(({ partition, high }) => {
      const offset = committed.get(partition) ?? -1
      return { topic, partition, committed: offset < 0 ? undefined : offset, logEnd: Number(high) }
    })
    .toSorted((a, b) => a.partition - b.partition)
}
