import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AssignedPartition,
  type CommitRequest,
  type CommitResult,
  type Driver,
  type DriverContext,
  HoldfastError,
  type TopicPartition,
} from '@holdfast/core'
import { createClient, createGroupConsumer } from './client.ts'
import { FetchPauses } from './fetch-pauses.ts'
import { FetchSizes } from './fetch-sizes.ts'
import type { BrokerInternals, ClusterInternals, FetchRequest, FetchResponse, Identity } from './internals/cluster.ts'
import { openDoor } from './internals/door.ts'
import { hardenKafkajs } from './internals/harden.ts'
import { AssignerProtocol, type Cluster, type Consumer, type EachBatchPayload } from './internals/kafkajs.ts'
import { makePatient } from './internals/patience.ts'
import { Membership } from './membership.ts'
import type { KafkajsConfig } from './options.ts'
import { Positions } from './positions.ts'
import { preflight } from './preflight.ts'
import { KafkajsRecords } from './record.ts'
import { findLogEnds, findStartOffsets } from './start-offsets.ts'
import { translateError } from './translate-error.ts'

/** Leaving the group may take so long. */
const LEAVE_LIMIT_MS = 10_000

/**
 * kafkajs behind the core's port.
 *
 * - kafkajs fetches and heartbeats; `eachBatch` hands over and returns at once, whatever handlers do.
 * - Everything about the group goes through the door (`internals/door.ts`): the drain before a join, the identity, the
 *   start offsets, the positions.
 * - A response that was asked for under another assignment is emptied before kafkajs sees it.
 */
export class KafkajsDriver implements Driver {
  readonly #config: KafkajsConfig
  readonly #context: DriverContext
  readonly #positions = new Positions()
  readonly #pauses = new FetchPauses()
  readonly #sizes: FetchSizes
  readonly #membership: Membership
  #consumer: Consumer | undefined
  #cluster: ClusterInternals | undefined
  /** The epoch of the assignment in force; undefined from before a join until GROUP_JOIN. */
  #epoch: number | undefined
  #joining: Identity | undefined
  #starts: readonly AssignedPartition[] = []
  #isStopping = false

  constructor(config: KafkajsConfig, context: DriverContext) {
    this.#config = config
    this.#context = context
    this.#sizes = new FetchSizes(context.maxPartitionFetchBytes)
    this.#membership = new Membership({
      groupId: context.groupId,
      cluster: () => this.#cluster as ClusterInternals,
      owns: (request) => this.#positions.owns(request),
      metadataRefused: () =>
        context.logger.warn(
          { groupId: context.groupId },
          'the broker takes no commit metadata of this length, so a restart repeats what is done past the committed offset: set offset.metadata.max.bytes to 4096 or more',
        ),
    })
  }

  async start(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>()
    const onAbort = (): void =>
      aborted.reject(new HoldfastError('HF_ABORTED', 'the start was given up before the first assignment.'))
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      await Promise.race([aborted.promise, this.#start(signal)])
    } catch (error) {
      throw this.#translate(error)
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#pauses.pause(partitions)
    this.#sizes.shrink(partitions)
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#pauses.resume(partitions)
  }

  commit(requests: readonly CommitRequest[]): Promise<CommitResult[]> {
    return this.#membership.commit(requests)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    this.#epoch = undefined
    this.#pauses.clear()
    // Without a broker kafkajs waits for requests that nothing answers; their connections end with their time-outs.
    await Promise.race([this.#consumer?.disconnect(), sleep(LEAVE_LIMIT_MS, undefined, { ref: false })])
    this.#membership.suspend()
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { maxDecompressedBytes } = this.#config
    hardenKafkajs(maxDecompressedBytes === undefined ? {} : { maxDecompressedBytes })
    const topics = await this.#findTopics(signal)
    if (signal.aborted) return
    const consumer = createGroupConsumer(this.#config, this.#context, (cluster) => this.#openDoor(cluster))
    this.#consumer = consumer
    await consumer.connect()
    await consumer.subscribe({ topics, fromBeginning: this.#context.autoOffsetReset === 'earliest' })
    await this.#join(consumer)
  }

  #findTopics(signal: AbortSignal): Promise<string[]> {
    const { brokers, startTimeoutMs } = this.#config
    const { topics, logger } = this.#context
    // kafkajs tries a peer that is no broker again and again; the first such answer is enough.
    const faulted = new AbortController()
    const onFault = (fault: Error): void => faulted.abort(this.#translate(fault))
    const kafka = createClient(this.#config, { logger, retry: { retries: 0 }, onFault })
    return preflight({
      kafka,
      brokers,
      topics,
      startTimeoutMs,
      logger,
      signal: AbortSignal.any([signal, faulted.signal]),
    })
  }

  #openDoor(cluster: Cluster): void {
    this.#cluster = cluster as unknown as ClusterInternals
    makePatient(this.#cluster, () => this.#isStopping)
    openDoor(this.#cluster, {
      beforeJoin: (broker, memberId) => this.#beforeJoin(broker, memberId),
      joined: (identity) => {
        this.#joining = identity
      },
      synced: (broker, memberAssignment) => this.#synced(broker, memberAssignment),
      leaving: () => this.#leave('the member left the group'),
      fetch: (request, send) => this.#fetch(request, send),
    })
  }

  async #join(consumer: Consumer): Promise<void> {
    const { GROUP_JOIN, CRASH, STOP } = consumer.events
    const joined = new Promise<void>((resolve, reject) => {
      consumer.on(GROUP_JOIN, () => {
        this.#assigned()
        resolve()
      })
      consumer.on(CRASH, ({ payload }) => {
        this.#crashed(payload.error, payload.restart)
        if (!payload.restart) reject(payload.error)
      })
      consumer.on(STOP, () => this.#leave('the client stopped'))
    })
    joined.catch(() => undefined)
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      eachBatch: async (payload) => this.#handOver(payload),
    })
    await joined
  }

  /** Runs before every JoinGroup, and again when one is repeated; only the first finds an identity to end. */
  async #beforeJoin(broker: BrokerInternals, memberId: string): Promise<void> {
    const identity = this.#membership.current
    this.#membership.useCoordinator(broker)
    if (identity !== undefined && memberId === identity.memberId) {
      await this.#drain()
    } else if (identity !== undefined) {
      this.#leave('the group had already gone on without this member')
    }
    this.#epoch = undefined
    this.#membership.suspend()
    this.#positions.clear()
  }

  /** Heartbeats go on while the core drains; the group waits for us as long as they do. */
  async #drain(): Promise<void> {
    const pump = setInterval(async () => {
      const verdict = await this.#membership.heartbeat()
      if (verdict !== undefined) this.#leave(`the broker answered ${verdict}`)
    }, this.#context.heartbeatIntervalMs)
    try {
      await this.#context.sink.revoking('rebalance')
    } finally {
      clearInterval(pump)
    }
  }

  async #synced(broker: BrokerInternals, memberAssignment: Buffer): Promise<void> {
    const assignment = AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {}
    const partitions = Object.entries(assignment).flatMap(([topic, list]) =>
      list.map((partition) => ({ topic, partition })),
    )
    const { groupId, autoOffsetReset } = this.#context
    this.#starts = await findStartOffsets(
      this.#cluster as ClusterInternals,
      broker,
      groupId,
      partitions,
      autoOffsetReset === 'earliest',
    )
    this.#membership.useCoordinator(broker)
  }

  /** kafkajs's GROUP_JOIN: synchronous, and before the first fetch of the new assignment. */
  #assigned(): void {
    const identity = this.#joining
    if (identity === undefined || this.#isStopping) return
    this.#joining = undefined
    this.#membership.enter(identity)
    this.#pauses.clear()
    this.#sizes.clear()
    const { sink } = this.#context
    const epoch = sink.assigned({ partitions: this.#starts, ...identity })
    this.#epoch = epoch
    this.#positions.replace(epoch, this.#starts)
  }

  async #fetch(request: FetchRequest, send: (request: FetchRequest) => Promise<FetchResponse>): Promise<FetchResponse> {
    const epoch = this.#epoch
    if (epoch !== undefined) {
      for (const advance of this.#positions.align(request))
        this.#context.sink.advanced(advance, advance.epoch, advance.nextOffset)
    }
    const wanted = this.#pauses.apply(request)
    if (wanted === undefined) {
      await this.#pauses.untilResumed(this.#context.fetchMaxWaitMs)
      return { responses: [] }
    }
    this.#sizes.apply(wanted)
    try {
      const response = await send(wanted)
      if (epoch === undefined || epoch !== this.#epoch) return { ...response, responses: [] }
      this.#positions.offered(response)
      return response
    } catch (error) {
      if ((error as Error).name !== 'KafkaJSOffsetOutOfRange' || epoch !== this.#epoch) throw error
      await this.#resetPosition(error as Error & TopicPartition)
      return { responses: [] }
    }
  }

  /** kafkajs would commit −1 or −2 for the group here; the position is moved to the real end of the log instead. */
  async #resetPosition({ topic, partition }: TopicPartition): Promise<void> {
    const assignment = this.#epoch
    const cluster = this.#cluster as ClusterInternals
    const ends = await findLogEnds(cluster, [{ topic, partition }], this.#context.autoOffsetReset === 'earliest')
    const [to] = ends.values()
    if (assignment === undefined || assignment !== this.#epoch || to === undefined) return
    const epoch = this.#context.sink.reset({ topic, partition }, to)
    this.#positions.move({ topic, partition }, epoch, to)
  }

  /** Never throws: an error out of `eachBatch` ends the consumer. */
  #handOver({ batch }: EachBatchPayload): void {
    const { topic, partition } = batch
    try {
      const nextOffset = Number(batch.lastOffset()) + 1
      const fetchedOffset = Number((batch as unknown as { fetchedOffset: string }).fetchedOffset)
      const epoch = this.#positions.accept(topic, partition, fetchedOffset, nextOffset)
      if (epoch === undefined) return
      const records = new KafkajsRecords(topic, partition, batch.messages)
      this.#context.sink.batch({
        topic,
        partition,
        epoch,
        records,
        nextOffset,
        highWatermark: Number(batch.highWatermark),
      })
    } catch (error) {
      this.#crashed(error, false)
    }
  }

  #leave(reason: string): void {
    this.#epoch = undefined
    this.#membership.suspend()
    this.#positions.clear()
    if (!this.#isStopping) this.#context.sink.lost(reason)
  }

  #crashed(error: unknown, willRestart: boolean): void {
    if (this.#isStopping) return
    this.#leave('the client crashed')
    this.#context.sink.crashed(this.#translate(error), willRestart)
  }

  #translate(error: unknown): HoldfastError {
    return translateError(error, { brokers: this.#config.brokers, sessionTimeoutMs: this.#context.sessionTimeoutMs })
  }
}
