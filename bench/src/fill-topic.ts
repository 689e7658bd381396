import client from 'kafkajs'

const PARTITIONS = 6
const KEYS = 1_000
const CHUNK = 10_000

/** A topic of `records` records of `bytes` bytes with 1,000 keys over 6 partitions. */
export async function fillTopic(
  brokers: readonly string[],
  topic: string,
  records: number,
  bytes: number,
): Promise<void> {
  const kafka = new client.Kafka({ brokers: [...brokers], logLevel: client.logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({
    topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 1 }],
    waitForLeaders: true,
  })
  await admin.disconnect()
  const producer = kafka.producer({ createPartitioner: client.Partitioners.DefaultPartitioner, idempotent: true })
  await producer.connect()
  const value = Buffer.alloc(bytes, 'x')
  for (let first = 0; first < records; first += CHUNK) {
    const messages = Array.from({ length: Math.min(CHUNK, records - first) }, (_, index) => ({
      key: `key-${(first + index) % KEYS}`,
      value,
    }))
    await producer.send({ topic, messages })
  }
  await producer.disconnect()
}
