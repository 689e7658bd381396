import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CommitRequest,
  type CommitResult,
  type Driver,
  type DriverAnswers,
  type DriverContext,
  type DriverLogs,
  HoldfastError,
  type MembershipAnswer,
  type OutgoingRecord,
  type TopicPartition,
  type TransactionRequest,
  type TransactionResult,
} from '@holdfast/core'
import { Answers } from './answers.ts'
import { createClient } from './client.ts'
import { Fetching } from './fetch/fetching.ts'
import { LogReader } from './fetch/log-reader.ts'
import { GroupSession } from './group/group-session.ts'
import { Membership } from './group/membership.ts'
import { GroupClient, type GroupClientPorts } from './group-client.ts'
import type { ClusterInternals } from './internals/cluster.ts'
import { hardenKafkajs } from './internals/harden.ts'
import type { KafkajsConfig } from './options.ts'
import { type PreflightOptions, preflight } from './preflight.ts'
import { RecordProducer } from './produce/record-producer.ts'
import { Restarts } from './restarts.ts'
import { TopicWatch } from './topic-watch.ts'
import { Transactions } from './transact/transactions.ts'
import { translateError } from './translate-error.ts'

/** What the driver makes of kafkajs. */
export interface DriverParts {
  preflight(options: PreflightOptions): Promise<string[]>
  createGroupClient(
    topics: readonly string[],
    ports: GroupClientPorts,
  ): Pick<GroupClient, 'cluster' | 'isOver' | 'open' | 'close'>
}

const PARTS: DriverParts = {
  preflight,
  createGroupClient: (topics, ports) => new GroupClient(topics, ports),
}

/**
 * kafkajs behind the core's port.
 *
 * - kafkajs fetches and heartbeats; `eachBatch` hands over and returns at once, whatever handlers do.
 * - Everything about the group and the log goes through the door (`internals/door.ts`): rebalances are `group/`'s,
 *   positions and responses `fetch/`'s.
 * - kafkajs never restarts itself. A client that ended is replaced, with a growing pause and only so often in a row; an
 *   error that a new one would meet as well ends the driver.
 */
export class KafkajsDriver implements Driver {
  readonly #config: KafkajsConfig
  readonly #context: DriverContext
  readonly #membership: Membership
  readonly #fetching: Fetching
  readonly #session: GroupSession
  readonly #restarts: Restarts
  readonly #stopping = new AbortController()
  readonly #watch: TopicWatch
  readonly #producer: RecordProducer
  readonly #answers: Answers
  readonly #transactions: Transactions | undefined
  readonly #logs: LogReader
  readonly #parts: DriverParts
  #client: ReturnType<DriverParts['createGroupClient']> | undefined

  constructor(config: KafkajsConfig, context: DriverContext, parts: DriverParts = PARTS) {
    this.#parts = parts
    this.#config = config
    this.#context = context
    this.#restarts = new Restarts(config.maxRestarts)
    this.#producer = new RecordProducer(config, context.logger)
    const cluster = (): ClusterInternals => (this.#client as { readonly cluster: ClusterInternals }).cluster
    this.#watch = new TopicWatch({
      context,
      cluster,
      everyMs: config.metadataMaxAgeMs,
      found: (topics) => void this.#subscribeTo(topics),
    })
    this.#fetching = new Fetching(context, cluster)
    this.#membership = new Membership({
      groupId: context.groupId,
      cluster,
      owns: (request) => this.#fetching.owns(request),
      metadataRefused: () =>
        context.logger.warn(
          { groupId: context.groupId },
          'the broker takes no commit metadata of this length, so a restart repeats what is done past the committed offset: set offset.metadata.max.bytes to 4096 or more',
        ),
    })
    this.#transactions = this.#createTransactions()
    this.#session = new GroupSession({
      context,
      cluster,
      membership: this.#membership,
      fetching: this.#fetching,
      ...(this.#transactions === undefined ? {} : { transactions: this.#transactions }),
    })
    this.#logs = new LogReader({
      groupId: context.groupId,
      cluster,
      translate: (error) => this.#translate(error),
    })
    this.#answers = new Answers(this.#session, this.#fetching)
  }

  get logs(): DriverLogs {
    return this.#logs
  }

  get answers(): DriverAnswers {
    return this.#answers
  }

  async start(signal: AbortSignal): Promise<void> {
    const { maxDecompressedBytes } = this.#config
    hardenKafkajs(maxDecompressedBytes === undefined ? {} : { maxDecompressedBytes })
    const aborted = Promise.withResolvers<never>()
    const onAbort = (): void =>
      aborted.reject(new HoldfastError('HF_ABORTED', 'the start was given up before the first assignment.'))
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      await Promise.race([aborted.promise, this.#begin(signal)])
    } catch (error) {
      throw this.#translate(error)
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#fetching.pause(partitions)
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#fetching.resume(partitions)
  }

  skipTo(partition: TopicPartition, epoch: number, offset: number): void {
    this.#fetching.skipTo(partition, epoch, offset)
  }

  commit(requests: readonly CommitRequest[]): Promise<CommitResult[]> {
    return this.#membership.commit(requests)
  }

  transact(request: TransactionRequest): Promise<TransactionResult> {
    return (this.#transactions as Transactions).transact(request)
  }

  confirm(): Promise<MembershipAnswer> {
    return this.#session.confirm()
  }

  produce(records: readonly OutgoingRecord[]): Promise<void> {
    return this.#producer.produce(records)
  }

  release(partitions: readonly TopicPartition[]): void {
    this.#session.release(partitions)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#watch.stop()
    this.#fetching.halt()
    await Promise.all([this.#client?.close(), this.#producer.stop(), this.#transactions?.stop()])
    this.#session.end()
  }

  #createTransactions(): Transactions | undefined {
    const { transactionalIdPrefix: prefix } = this.#context
    if (prefix === undefined) return undefined
    return new Transactions({
      config: this.#config,
      context: this.#context,
      prefix,
      cluster: () => (this.#client as { readonly cluster: ClusterInternals }).cluster,
      owns: (request) => this.#fetching.owns(request),
      joined: () => this.#membership.joined(),
      confirm: () => this.#session.confirm(),
    })
  }

  /** A first join that fails may succeed a moment later, as where the coordinator is moving. */
  async #begin(signal: AbortSignal): Promise<void> {
    const endMs = performance.now() + this.#config.startTimeoutMs
    const topics = await this.#findTopics(signal)
    while (!signal.aborted) {
      try {
        return await this.#join(topics)
      } catch (error) {
        const cause = this.#translate(error)
        const nowMs = performance.now()
        const mayMend = cause.retryable && cause.code !== 'HF_TOPIC_MISSING' && nowMs < endMs
        const pauseMs = mayMend ? this.#restarts.next(nowMs) : undefined
        if (pauseMs === undefined) throw cause
        const { code, message: reason } = cause
        this.#context.logger.warn({ code, reason, retryInMs: pauseMs }, 'the group cannot be joined yet')
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  /** Finds the topics and joins with a new client. */
  async #open(signal: AbortSignal): Promise<void> {
    const topics = await this.#findTopics(signal)
    if (!signal.aborted) await this.#join(topics)
  }

  async #join(topics: readonly string[]): Promise<void> {
    const client = this.#parts.createGroupClient(topics, {
      config: this.#config,
      context: this.#context,
      session: this.#session,
      fetching: this.#fetching,
      answered: () => this.#answers.note(),
      lost: (reason) => this.#session.lose(reason),
      ended: (error) => void this.#replace(error),
    })
    this.#client = client
    try {
      await client.open()
      this.#restarts.noteJoined(performance.now())
      if (!this.#stopping.signal.aborted) this.#watch.start(topics)
    } catch (error) {
      await client.close()
      throw error
    }
  }

  /** kafkajs takes topics only before it runs: a new client does, after what runs has been drained. */
  async #subscribeTo(topics: readonly string[]): Promise<void> {
    this.#context.logger.info({ topics }, 'found topics that a pattern matches; joining again with them')
    this.#watch.stop()
    const old = this.#client
    await this.#context.sink.suspending()
    // One that has ended meanwhile is being replaced, with these topics.
    if (this.#stopping.signal.aborted || old === undefined || old !== this.#client || old.isOver) return
    await old.close()
    this.#session.end()
    try {
      await this.#open(this.#stopping.signal)
    } catch (error) {
      await this.#replace(error)
    }
  }

  /** A client has ended itself: another one takes its place, unless that is final or has happened too often. */
  async #replace(error: unknown): Promise<void> {
    const { signal } = this.#stopping
    for (let cause = this.#translate(error); !signal.aborted; ) {
      this.#session.lose('the client crashed')
      await this.#client?.close()
      const pauseMs = cause.retryable ? this.#restarts.next(performance.now()) : undefined
      this.#context.sink.crashed(cause, pauseMs !== undefined)
      if (pauseMs === undefined) return
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
      try {
        return await this.#open(signal)
      } catch (next) {
        cause = this.#translate(next)
      }
    }
  }

  #findTopics(signal: AbortSignal): Promise<string[]> {
    const { brokers, startTimeoutMs } = this.#config
    const { topics, producesTo, asWideAs, logger } = this.#context
    // kafkajs tries a peer that is no broker again and again; the first such answer is enough.
    const faulted = new AbortController()
    const onFault = (fault: Error): void => faulted.abort(this.#translate(fault))
    const kafka = createClient(this.#config, { logger, retry: { retries: 0 }, onFault })
    return this.#parts.preflight({
      kafka,
      brokers,
      topics,
      producesTo,
      asWideAs,
      startTimeoutMs,
      logger,
      signal: AbortSignal.any([signal, faulted.signal]),
    })
  }

  #translate(error: unknown): HoldfastError {
    return translateError(error, { ...this.#context, brokers: this.#config.brokers })
  }
}
