import type { HoldfastError } from '../errors/holdfast-error.ts'
import type { RecordBatch } from '../model/record.ts'
import type { AssignedPartition, TopicPartition } from '../model/topic-partition.ts'
import type { Logger } from './logger.ts'

/** What `options.driver` is: a client library, configured but not yet connected. */
export interface DriverFactory {
  /** The client library and its version, as in `kafkajs 2.2.4`. */
  readonly name: string
  /** Where it connects to, without secrets. */
  describe(): string
  create(context: DriverContext): Driver
}

/** What the core asks of a driver for one consumer. Times are milliseconds; the names are Kafka's. */
export interface DriverContext {
  readonly groupId: string
  readonly topics: readonly (string | RegExp)[]
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly rebalanceTimeoutMs: number
  readonly drainBudgetMs: number
  readonly fetchMaxWaitMs: number
  readonly fetchMinBytes: number
  readonly fetchMaxBytes: number
  readonly maxPartitionFetchBytes: number
  readonly autoOffsetReset: 'earliest' | 'latest'
  readonly isolationLevel: 'read_committed' | 'read_uncommitted'
  readonly logger: Logger
  readonly sink: DriverSink
}

/** An offset to commit, bound to the epoch under which its partition was assigned. */
export interface CommitRequest extends TopicPartition {
  readonly epoch: number
  /** The next offset to read, as Kafka commits it. */
  readonly offset: number
  /** The text that goes with it: what is done past it. @default '' */
  readonly metadata?: string
}

/**
 * - `ok`: the broker stored it.
 * - `fenced`: it was not stored and never will be; the epoch is over.
 * - `unknown`: no answer; it may have been stored. Only the same epoch may repeat it.
 */
export type CommitResult =
  | { readonly status: 'ok' }
  | { readonly status: 'fenced'; readonly error: HoldfastError }
  | { readonly status: 'unknown'; readonly error: HoldfastError }

/** The group's answer to a join. */
export interface Assignment {
  readonly partitions: readonly AssignedPartition[]
  readonly memberId: string
  readonly generationId: number
}

export type RevokeCause = 'rebalance' | 'shutdown'

/** What a driver tells the core. No method throws, and only `revoking` is awaited. */
export interface DriverSink {
  /** A new assignment is in force. Answers its epoch; everything of earlier epochs is over. */
  assigned(assignment: Assignment): number
  batch(batch: RecordBatch): void
  /** The position moved over records that are never delivered: control records, aborted or compacted ones. */
  advanced(partition: TopicPartition, epoch: number, nextOffset: number): void
  /**
   * The fetch position was outside the log and has been moved; what was fetched before no longer counts. Answers the
   * epoch that the partition has from now on.
   */
  reset(partition: TopicPartition, to: number): number
  /** Ownership is about to end; commits under the old epoch are still valid until the promise settles. */
  revoking(cause: RevokeCause): Promise<void>
  /** Ownership has ended without notice. Nothing of the old epoch may be committed. */
  lost(reason: string): void
  /** The client ended itself. `willRestart`: it comes back by itself with a new assignment. */
  crashed(error: HoldfastError, willRestart: boolean): void
}

export interface Driver {
  /** Connects and joins. Resolves with the first assignment; rejects with a `HoldfastError` when that cannot be had. */
  start(signal: AbortSignal): Promise<void>
  /** Desired state, idempotent, until `resume` or the next assignment. At most one more batch may arrive. */
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  /** One result per request, in order. Never throws, never repeats a request under another identity. */
  commit(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]>
  /** Leaves the group and closes every connection. The core has drained and committed before. */
  stop(): Promise<void>
}
