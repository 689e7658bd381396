import { randomUUID } from 'node:crypto'
import {
  type Admin,
  CompressionTypes,
  Kafka,
  logLevel,
  type Message,
  Partitioners,
  type Producer,
} from '../../src/internals/kafkajs.ts'
import { mendRequestQueue } from '../../src/internals/request-queue.ts'
import { until } from './until.ts'

/** An admin and a producer on the brokers of a test, with names that no other test uses. */
export class TestCluster implements AsyncDisposable {
  readonly brokers: readonly string[]
  readonly #admin: Admin
  readonly #producer: Producer

  constructor(brokers: readonly string[], admin: Admin, producer: Producer) {
    this.brokers = brokers
    this.#admin = admin
    this.#producer = producer
  }

  static async connect(brokers: readonly string[]): Promise<TestCluster> {
    mendRequestQueue()
    const kafka = new Kafka({
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
      retry: { retries: 20, maxRetryTime: 1_000 },
    })
    const admin = kafka.admin()
    const producer = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      // Without it a request that is retried appends its records twice.
      idempotent: true,
    })
    await Promise.all([admin.connect(), producer.connect()])
    return new TestCluster(brokers, admin, producer)
  }

  get admin(): Admin {
    return this.#admin
  }

  /** A topic with a leader for every partition; the group of a test may have the same name. */
  async createTopic(
    numPartitions = 1,
    topic = `t-${randomUUID()}`,
    config: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    const created = { topic, numPartitions, replicationFactor: 1, configEntries }
    await this.#admin.createTopics({ topics: [created], waitForLeaders: false })
    // A broker learns of a new topic a moment after its creation was acknowledged.
    await until(
      `leaders of ${topic}`,
      () => this.#admin.fetchTopicMetadata({ topics: [topic] }).catch(() => undefined),
      (metadata) => metadata?.topics[0]?.partitions.filter(({ leader }) => leader >= 0).length === numPartitions,
    )
    return topic
  }

  /** The broker hears of it after its controller has answered, and takes records until then. */
  async deleteTopic(topic: string): Promise<void> {
    await this.#admin.deleteTopics({ topics: [topic] })
    await until(
      `the deletion of ${topic}`,
      () => this.#admin.listTopics(),
      (topics) => !topics.includes(topic),
    )
  }

  async produce(topic: string, messages: Message[]): Promise<void> {
    await this.#producer.send({ topic, messages, acks: -1 })
  }

  async produceCompressed(topic: string, messages: Message[]): Promise<void> {
    await this.#producer.send({ topic, messages, acks: -1, compression: CompressionTypes.GZIP })
  }

  /** `count` records dealt over the partitions in turn; each value is its number. */
  async produceNumbers(topic: string, count: number, partitions: number, from = 0): Promise<void> {
    const messages = Array.from({ length: count }, (_, index) => ({
      partition: (from + index) % partitions,
      key: `k${from + index}`,
      value: String(from + index),
    }))
    await this.produce(topic, messages)
  }

  /** Committed offsets by partition; −1 where there is none, and none at all while no broker coordinates the group. */
  async committed(groupId: string, topic: string): Promise<number[]> {
    const [offsets] = await this.#admin.fetchOffsets({ groupId, topics: [topic] }).catch((error: { type?: string }) => {
      if (error.type !== 'NOT_COORDINATOR_FOR_GROUP') throw error
      return []
    })
    const sorted = (offsets?.partitions ?? []).toSorted((a, b) => a.partition - b.partition)
    return sorted.map(({ offset }) => Number(offset))
  }

  /** What the group has committed of a partition, with the text that went with it. */
  async stored(groupId: string, topic: string, partition = 0): Promise<{ offset: number; metadata: string }> {
    const [offsets] = await this.#admin.fetchOffsets({ groupId, topics: [topic] })
    const found = offsets?.partitions.find((stored) => stored.partition === partition)
    return { offset: Number(found?.offset ?? -1), metadata: found?.metadata ?? '' }
  }

  /** The broker that coordinates a group or a transactional id: the leader of the partition that its hash names. */
  async coordinatorOf(topic: '__consumer_offsets' | '__transaction_state', id: string): Promise<number | undefined> {
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [topic] })
    const partitions = topics[0]?.partitions ?? []
    const hash = [...id].reduce((sum, letter) => (Math.imul(31, sum) + letter.charCodeAt(0)) | 0, 0)
    return partitions.find(({ partitionId }) => partitionId === Math.abs(hash) % partitions.length)?.leader
  }

  async logEnds(topic: string): Promise<number[]> {
    const offsets = await this.#admin.fetchTopicOffsets(topic)
    return offsets.toSorted((a, b) => a.partition - b.partition).map(({ high }) => Number(high))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#admin.disconnect(), this.#producer.disconnect()])
  }
}
