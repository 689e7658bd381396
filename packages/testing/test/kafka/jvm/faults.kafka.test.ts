import kafkajs, { type Admin, type Kafka as Client } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { type KafkaCluster, kafka } from '../../../src/kafka/kafka.ts'

const { Kafka, logLevel, Partitioners } = kafkajs

let cluster: KafkaCluster
beforeAll(async () => {
  const env = { ...process.env, HOLDFAST_KAFKA: 'jvm' }
  cluster = await kafka({ env, sasl: { username: 'user', password: 'secret' } })
})
afterAll(() => cluster.stop())

function client(brokers = cluster.brokers, password?: string): Client {
  const sasl = password && { mechanism: 'plain' as const, username: 'user', password }
  return new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    ...(sasl ? { sasl } : {}),
    retry: { initialRetryTime: 50, retries: 3 },
  })
}

async function withAdmin<T>(use: (admin: Admin) => Promise<T>, from = client()): Promise<T> {
  const admin = from.admin()
  try {
    await admin.connect()
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

async function produce(topic: string, value: string): Promise<void> {
  const producer = client().producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages: [{ value }] })
  await producer.disconnect()
}

const end = (topic: string): Promise<string | undefined> =>
  withAdmin(async (admin) => (await admin.fetchTopicOffsets(topic))[0]?.offset)

test('records outlive a restart, and a kill with a start', async () => {
  const topic = 'outlives'
  await withAdmin((admin) => admin.createTopics({ topics: [{ topic }] }))
  await produce(topic, 'first')
  await cluster.restart()
  expect(await end(topic)).toBe('1')
  await produce(topic, 'second')
  await cluster.kill()
  await expect(end(topic)).rejects.toThrow('ECONNREFUSED')
  await cluster.start()
  expect(await end(topic)).toBe('2')
})

test('a paused broker takes connections and does not answer; a resumed one does', async () => {
  const hasty = new Kafka({
    brokers: [...cluster.brokers],
    logLevel: logLevel.NOTHING,
    requestTimeout: 500,
    retry: { retries: 0 },
  })
  await cluster.pause()
  await expect(withAdmin((admin) => admin.listTopics(), hasty)).rejects.toThrow('timed out')
  await cluster.resume()
  expect(await withAdmin((admin) => admin.listTopics())).toContain('outlives')
})

test('a topic that nobody created is an error, and readiness leaves no topic of its own', async () => {
  await expect(produce('nobody-created-it', 'x')).rejects.toThrow('This server does not host this topic-partition')
  const topics = await withAdmin((admin) => admin.listTopics())
  expect(topics.filter((topic) => topic.startsWith('__holdfast'))).toEqual([])
})

test('the SASL listener takes the right password only', async () => {
  const connect = (password: string) => withAdmin(async () => 'connected', client(cluster.saslBrokers, password))
  expect(await connect('secret')).toBe('connected')
  await expect(connect('wrong')).rejects.toThrow('Invalid username or password')
})
