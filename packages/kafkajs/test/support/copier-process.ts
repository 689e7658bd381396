import { setTimeout as sleep } from 'node:timers/promises'
import { type ConsumerOptions, type ConsumerRecord, createConsumer, on } from '@holdfast/core'
import { kafkajs } from '../../src/index.ts'
import { Kafka, logLevel, Partitioners, type Producer } from '../../src/internals/kafkajs.ts'
import { mendRequestQueue } from '../../src/internals/request-queue.ts'
import { quietLogger } from './quiet-logger.ts'

/** What a copier is told on its command line. */
export interface CopierSettings {
  readonly brokers: readonly string[]
  readonly input: string
  readonly output: string
  readonly delivery: 'exactly-once' | 'at-least-once'
  /** Records of a batch, and of a transaction. */
  readonly batch: number
  /** How long a batch takes after it was produced. */
  readonly handlerMs: number
  /** Values that end with it fail for good, after they were produced. */
  readonly poison?: string
  readonly deadLetterTopic?: string
  /** @default the input's name */
  readonly groupId?: string
  /** @default the group's id */
  readonly transactionalIdPrefix?: string
}

/** Copies one topic to another in batches; with at-least-once through a producer of its own. */
async function main(settings: CopierSettings): Promise<void> {
  const { input, brokers, output, delivery, batch, handlerMs, groupId = input } = settings
  const { transactionalIdPrefix = groupId, poison, deadLetterTopic } = settings
  const producer = delivery === 'exactly-once' ? undefined : await ownProducer(brokers)
  const promise: Pick<ConsumerOptions, 'delivery' | 'transactions'> =
    producer === undefined ? { delivery, transactions: { transactionalIdPrefix } } : { delivery }
  const consumer = createConsumer({
    driver: kafkajs({ brokers }),
    groupId,
    ...promise,
    logger: quietLogger,
    sessionTimeoutMs: 1_500,
    heartbeatIntervalMs: 200,
    rebalanceTimeoutMs: 4_000,
    fetchMaxWaitMs: 100,
    ...(deadLetterTopic === undefined ? {} : { deadLetterTopic, maxAttempts: 1 }),
    maxPollRecords: batch,
    maxBatchRecords: batch,
    commitInterval: { records: batch, ms: 200 },
    handlers: [
      on(input, { batch: true }, async (records, { produce }) => {
        if (producer === undefined) for (const each of records) produce({ topic: output, ...copyOf(each) }, each)
        else await producer.send({ topic: output, messages: records.map(copyOf), acks: -1 })
        process.send?.({ hasProduced: true })
        await sleep(handlerMs)
        const isDead = ({ value }: Copy): boolean => poison !== undefined && String(value).endsWith(poison)
        return records.map((record) => (isDead(record) ? new Error('no') : undefined))
      }),
    ],
  })
  consumer.on('group:joined', ({ partitions }) => process.send?.({ partitions: partitions.length }))
  consumer.on('group:lost', ({ reason }) => process.send?.({ lost: reason }))
  await consumer.runUntilSignal()
  process.disconnect?.()
}

async function ownProducer(brokers: readonly string[]): Promise<Producer> {
  mendRequestQueue()
  const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer({
    idempotent: true,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  return producer
}

type Copy = Pick<ConsumerRecord, 'key' | 'value'>

function copyOf({ key, value }: Copy): Copy {
  return { key, value }
}

await main(JSON.parse(process.argv[2] as string) as CopierSettings)
