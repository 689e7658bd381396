import { setTimeout as sleep } from 'node:timers/promises'
import type { HoldfastError, Logger, OutgoingRecord, TransactionRequest } from '@holdfast/core'
import type { RetryOptions, TopicOffsets, Transaction } from '../internals/kafkajs.ts'
import type { KafkajsConfig } from '../options.ts'
import { ConfirmedWrites } from '../produce/confirmed-writes.ts'
import { produceError } from '../produce/produce-error.ts'
import { checkReadable } from '../produce/requests.ts'
import { errorType } from '../translate-error.ts'
import type { RequestSizes } from './request-sizes.ts'
import { isTopics } from './topic-faults.ts'
import { LimitExceeded, within } from './within.ts'

/** `transaction.timeout.ms`: brokers abort a transaction that is open for longer. */
export const TRANSACTION_TIMEOUT_MS = 60_000
/** While the markers of the last transaction are written, brokers turn the next one away; for some milliseconds as a rule. */
const RETRY: RetryOptions = { initialRetryTime: 10, maxRetryTime: 200, retries: 30 }
/** By then it is known which topic does not answer; of a transaction without an answer as a whole it would not be. */
const SEND_LIMIT_MS = 20_000
/** Of all of a transaction: the abort that follows ends within the limit of the whole, so that its topic can be named. */
const SENDS_LIMIT_MS = 28_000
const ABORT_LIMIT_MS = 1_000
/** What kafkajs asks the coordinator of a transaction. */
const COORDINATOR_REQUESTS: ReadonlySet<string> = new Set(['AddPartitionsToTxn', 'EndTxn'])
const TURNED_AWAY_MS = 10
const MAX_TURNED_AWAY = 300

/** The requests of a transaction, in their order. */
export type Step = 'begin' | 'send' | 'offsets' | 'commit'

/** Outputs that their topic has not taken, which were written to it at once. */
export interface Declined {
  readonly outputs: readonly OutgoingRecord[]
  readonly reason: HoldfastError
}

/** What went wrong, and how far the transaction had come. */
export class TransactionFailure extends Error {
  readonly step: Step
  /** Where it failed at `send`, for a reason of their topic. */
  readonly declined: Declined | undefined

  constructor(step: Step, cause: unknown, declined?: Declined) {
    super(`the transaction failed at ${step}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.step = step
    this.declined = declined
  }
}

/**
 * One transactional producer of kafkajs. An error makes it useless: kafkajs would count sequences wrong, and would take a
 * transaction whose first request failed for one that can be committed, without sending anything.
 */
export class TransactionalProducer {
  readonly #config: KafkajsConfig
  readonly #sizes: RequestSizes
  readonly #writes: ConfirmedWrites
  /** When the coordinator of its transactions has answered last. */
  #coordinatorMs = 0

  constructor(transactionalId: string, config: KafkajsConfig, sizes: RequestSizes, logger: Logger) {
    this.#config = config
    this.#sizes = sizes
    const transactionTimeout = TRANSACTION_TIMEOUT_MS
    this.#writes = new ConfirmedWrites(config, logger, { transactionalId, transactionTimeout, retry: RETRY })
    const { producer } = this.#writes
    producer.on(producer.events.REQUEST, ({ payload }) => {
      if (COORDINATOR_REQUESTS.has(payload.apiName)) this.#coordinatorMs = performance.now()
    })
  }

  /** Fences whoever used the id before; what that had begun has ended, one way or the other, when this resolves. */
  async claim(): Promise<void> {
    const { producer } = this.#writes
    await producer.connect()
    // Only a first transaction sends InitProducerId.
    const transaction = await producer.transaction()
    await transaction.abort()
  }

  /** One transaction. @throws TransactionFailure */
  async run(groupId: string, request: TransactionRequest): Promise<void> {
    const sendsEndMs = performance.now() + SENDS_LIMIT_MS
    let sendMs = 0
    let step: Step = 'begin'
    let transaction: Transaction | undefined
    try {
      transaction = await this.#writes.producer.transaction()
      step = 'send'
      for (const [topic, records] of Map.groupBy(request.outputs, (output) => output.topic))
        for (const list of this.#sizes.split(topic, records)) {
          sendMs = performance.now()
          await this.#send(transaction, topic, list, sendsEndMs - sendMs)
        }
      step = 'offsets'
      await sendOffsets(transaction, groupId, request)
      step = 'commit'
      await transaction.commit()
    } catch (error) {
      const failure = error instanceof TransactionFailure ? error : new TransactionFailure(step, error)
      // A commit that failed may have succeeded.
      if (step === 'commit' || transaction === undefined) throw failure
      await limited(transaction.abort(), ABORT_LIMIT_MS)
      // What says nothing may be the coordinator, which is asked before a partition is first written to.
      const isUnclear = failure.declined?.reason.cause instanceof LimitExceeded && this.#coordinatorMs < sendMs
      throw isUnclear ? new TransactionFailure(step, failure.cause) : failure
    }
  }

  async close(): Promise<void> {
    await this.#writes.close()
  }

  /** Ends it at once: nothing more is sent. */
  abandon(): void {
    this.#writes.abandon()
  }

  async #send(
    transaction: Transaction,
    topic: string,
    records: readonly OutgoingRecord[],
    leftMs: number,
  ): Promise<void> {
    try {
      checkReadable(topic, records)
      const limitMs = Math.min(SEND_LIMIT_MS, Math.max(0, Math.round(leftMs)))
      const sent = this.#writes.send(transaction, topic, records)
      await within(limitMs, `a request of ${records.length} records`, sent)
    } catch (error) {
      const reason = produceError(error, { topic, records, brokers: this.#config.brokers })
      if (reason.code === 'HF_RECORD_TOO_LARGE') this.#sizes.noteTooLarge(topic, records)
      const isDeclined = isTopics(error) || error instanceof LimitExceeded
      throw new TransactionFailure('send', reason, isDeclined ? { outputs: records, reason } : undefined)
    }
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
