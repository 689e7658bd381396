import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError, type Logger, type OutgoingRecord, type TransactionRequest } from '@holdfast/core'
import { createClient } from '../client.ts'
import type { Producer, RetryOptions, TopicOffsets, Transaction } from '../internals/kafkajs.ts'
import { OpenSockets } from '../internals/open-sockets.ts'
import type { KafkajsConfig } from '../options.ts'
import { Destinations } from '../produce/destinations.ts'
import { produceError } from '../produce/produce-error.ts'
import { messageOf } from '../produce/producer-connection.ts'
import { requestsOf } from '../produce/requests.ts'
import { errorType } from '../translate-error.ts'

/** `transaction.timeout.ms`: brokers abort a transaction that is open for longer. */
export const TRANSACTION_TIMEOUT_MS = 60_000
/** While the markers of the last transaction are written, brokers turn the next one away; for some milliseconds as a rule. */
const RETRY: RetryOptions = { initialRetryTime: 10, maxRetryTime: 200, retries: 30 }
const ACKS_TIMEOUT_MS = 10_000
const ALL_REPLICAS = -1
const ABORT_LIMIT_MS = 1_000
const CLOSE_LIMIT_MS = 2_000
const TURNED_AWAY_MS = 10
const MAX_TURNED_AWAY = 300

/** The requests of a transaction, in their order. */
export type Step = 'begin' | 'send' | 'offsets' | 'commit'

/** What went wrong, and how far the transaction had come. */
export class TransactionFailure extends Error {
  readonly step: Step

  constructor(step: Step, cause: unknown) {
    super(`the transaction failed at ${step}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.step = step
  }
}

/**
 * One transactional producer of kafkajs. An error makes it useless: kafkajs would count sequences wrong, and would take a
 * transaction whose first request failed for one that can be committed, without sending anything.
 */
export class TransactionalProducer {
  readonly #config: KafkajsConfig
  readonly #sockets = new OpenSockets()
  readonly #destinations = new Destinations()
  readonly #producer: Producer

  constructor(transactionalId: string, config: KafkajsConfig, logger: Logger) {
    this.#config = config
    this.#producer = createClient(config, { logger, retry: RETRY, sockets: this.#sockets }).producer({
      transactionalId,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => this.#destinations.choose,
      metadataMaxAge: config.metadataMaxAgeMs,
      retry: RETRY,
    })
  }

  /** Fences whoever used the id before; what that had begun has ended, one way or the other, when this resolves. */
  async claim(): Promise<void> {
    await this.#producer.connect()
    // Only a first transaction sends InitProducerId.
    const transaction = await this.#producer.transaction()
    await transaction.abort()
  }

  /** One transaction. @throws TransactionFailure */
  async run(groupId: string, request: TransactionRequest): Promise<void> {
    let step: Step = 'begin'
    let transaction: Transaction | undefined
    try {
      transaction = await this.#producer.transaction()
      step = 'send'
      for (const [topic, records] of Map.groupBy(request.outputs, (output) => output.topic))
        for (const list of requestsOf(records)) await this.#send(transaction, topic, list)
      step = 'offsets'
      await sendOffsets(transaction, groupId, request)
      step = 'commit'
      await transaction.commit()
    } catch (error) {
      // A commit that failed may have succeeded.
      if (step !== 'commit' && transaction !== undefined) await limited(transaction.abort(), ABORT_LIMIT_MS)
      throw new TransactionFailure(step, error)
    }
  }

  async close(): Promise<void> {
    await limited(this.#producer.disconnect(), CLOSE_LIMIT_MS)
    this.#sockets.close()
  }

  /** Ends it at once: nothing more is sent. */
  abandon(): void {
    this.#sockets.close()
    this.#producer.disconnect().catch(() => undefined)
  }

  async #send(transaction: Transaction, topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    const messages = records.map(messageOf)
    const written = await transaction
      .send({ topic, messages, acks: ALL_REPLICAS, timeout: ACKS_TIMEOUT_MS })
      .catch((error: unknown) => {
        throw produceError(error, { topic, records, brokers: this.#config.brokers })
      })
    const missing = this.#destinations.missing(
      messages,
      written.map(({ partition }) => partition),
    )
    if (missing === undefined) return
    throw new HoldfastError(
      'HF_PRODUCE_FAILED',
      `${topic}/${missing} has not acknowledged its records; its leader may have changed.\n  Fix: nothing, they are written again.`,
      { details: { topic, partition: missing } },
    )
  }
}

/** kafkajs does not try again where a transaction begins with its offsets, and the last one is still being completed. */
async function sendOffsets(transaction: Transaction, groupId: string, request: TransactionRequest): Promise<void> {
  const { topic, partition, offset, metadata = '' } = request
  // kafkajs writes the text, and its types do not know it.
  const committed = { partition, offset: String(offset), metadata }
  const offsets: TopicOffsets = { topic, partitions: [committed] }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction.sendOffsets({ consumerGroupId: groupId, topics: [offsets] })
    } catch (error) {
      if (errorType(error) !== 'CONCURRENT_TRANSACTIONS' || attempt === MAX_TURNED_AWAY) throw error
      await sleep(TURNED_AWAY_MS)
    }
  }
}

async function limited(work: Promise<unknown>, limitMs: number): Promise<void> {
  await Promise.race([work.catch(() => undefined), sleep(limitMs, undefined, { ref: false })])
}
