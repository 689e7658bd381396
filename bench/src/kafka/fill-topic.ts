import client from 'kafkajs'
import { writeKey } from '../check/key-number.ts'
import type { PickKey } from '../stats/keys.ts'

/** Brokers take a batch of 1 MiB, and keys may all fall into one partition. */
const CHUNK_BYTES = 768 * 1_024
/** Of a record's key and framing, at most. */
const OVERHEAD_BYTES = 32

export interface TopicPlan {
  readonly topic: string
  readonly partitions: number
  readonly records: number
  /** Of each value. */
  readonly bytes: number
  readonly pickKey: PickKey
}

/** Makes a topic and fills it. */
export async function fillTopic(brokers: readonly string[], plan: TopicPlan): Promise<void> {
  await createTopic(brokers, plan)
  const { topic, records, bytes, pickKey } = plan
  const value = Buffer.alloc(bytes, 'x')
  const chunk = Math.max(1, Math.floor(CHUNK_BYTES / (bytes + OVERHEAD_BYTES)))
  const producer = await connectProducer(brokers)
  for (let first = 0; first < records; first += chunk) {
    const messages = Array.from({ length: Math.min(chunk, records - first) }, () => ({
      key: writeKey(pickKey()),
      value,
    }))
    await producer.send({ topic, messages })
  }
  await producer.disconnect()
}

export async function createTopic(
  brokers: readonly string[],
  { topic, partitions }: Pick<TopicPlan, 'topic' | 'partitions'>,
): Promise<void> {
  const admin = clientOf(brokers).admin()
  await admin.connect()
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }],
    waitForLeaders: true,
  })
  await admin.disconnect()
}

export async function connectProducer(brokers: readonly string[]): Promise<client.Producer> {
  const producer = clientOf(brokers).producer({
    createPartitioner: client.Partitioners.DefaultPartitioner,
    idempotent: true,
  })
  await producer.connect()
  return producer
}

function clientOf(brokers: readonly string[]): client.Kafka {
  return new client.Kafka({ brokers: [...brokers], logLevel: client.logLevel.NOTHING })
}
