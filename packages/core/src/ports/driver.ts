import type { HoldfastError } from '../errors/holdfast-error.ts'
import type { HeaderEntry, RecordBatch } from '../model/record.ts'
import type { RecordSource } from '../model/record-source.ts'
import type { AssignedPartition, TopicPartition } from '../model/topic-partition.ts'
import type { Undecodable } from '../model/undecodable.ts'
import type { Logger } from './logger.ts'
import type { TopicWidth } from './topic-width.ts'

/** What `options.driver` is: a client library, configured but not yet connected. */
export interface DriverFactory {
  /** The client library and its version, as in `kafkajs 2.2.4`. */
  readonly name: string
  /** Where it connects to, without secrets. */
  describe(): string
  /** Whether its drivers have `transact`. @default false */
  readonly hasTransactions?: boolean
  create(context: DriverContext): Driver
}

/** Names of assignors, as every client knows them. */
export type PartitionAssignmentStrategy = 'cooperative-sticky' | 'sticky' | 'range' | 'roundrobin'

/** What the core asks of a driver for one consumer. Times are milliseconds; the names are Kafka's. */
export interface DriverContext {
  readonly groupId: string
  readonly topics: readonly (string | RegExp)[]
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly rebalanceTimeoutMs: number
  readonly drainBudgetMs: number
  readonly partitionAssignmentStrategy: readonly PartitionAssignmentStrategy[]
  readonly groupInstanceId?: string | undefined
  readonly fetchMaxWaitMs: number
  readonly fetchMinBytes: number
  readonly fetchMaxBytes: number
  readonly maxPartitionFetchBytes: number
  readonly autoOffsetReset: 'earliest' | 'latest' | 'none'
  readonly isolationLevel: 'read_committed' | 'read_uncommitted'
  /**
   * Offsets are committed by `transact`, under one transactional id for each partition: this, its topic and its number.
   * Undefined where offsets are committed by `commit`.
   */
  readonly transactionalIdPrefix?: string | undefined
  /**
   * Topics that this consumer writes to; `start` rejects with `HF_TOPIC_MISSING` where one does not exist. Those that it reads
   * as well begin at their start, whatever `autoOffsetReset` says.
   */
  readonly producesTo: readonly string[]
  /** `start` rejects with `HF_TOPIC_TOO_NARROW` where one has fewer partitions. */
  readonly asWideAs: readonly TopicWidth[]
  /**
   * Where assigned partitions begin, given where they would by the offsets of the group: asked at each assignment, once those
   * before it are over. Undefined where the group's offsets are what counts.
   */
  readonly startsAt?: StartsAt | undefined
  readonly logger: Logger
  readonly sink: DriverSink
}

/** Answers where assigned partitions begin, one entry for each, in their order. */
export type StartsAt = (partitions: readonly AssignedPartition[]) => Promise<readonly AssignedPartition[]>

/** A record to write, byte for byte. */
export interface OutgoingRecord {
  readonly topic: string
  /** @default by the key as Kafka's default partitioner does; without a key any */
  readonly partition?: number | undefined
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In this order; duplicates, null values and any names included. */
  readonly headers: readonly HeaderEntry[]
  /** Milliseconds since 1970. @default now */
  readonly timestamp?: number | undefined
}

/** An offset to commit, bound to the epoch under which its partition was assigned. */
export interface CommitRequest extends TopicPartition {
  readonly epoch: number
  /** The next offset to read, as Kafka commits it. */
  readonly offset: number
  /** The text that goes with it: what is done past it. @default '' */
  readonly metadata?: string
}

/** An offset and what its records led to, to become visible together or not at all. */
export interface TransactionRequest extends CommitRequest {
  readonly outputs: readonly OutgoingRecord[]
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

/**
 * As of a commit, and `declined`: a topic did not take these outputs of the request, by identity, for the `reason`; where
 * that is `HF_RECORD_TOO_LARGE` it is one output. Nothing of the request is visible or ever will be, and any other may follow.
 */
export type TransactionResult =
  | CommitResult
  | {
      readonly status: 'declined'
      readonly error: HoldfastError
      readonly reason: HoldfastError
      readonly outputs: readonly OutgoingRecord[]
    }

/**
 * Whether the group still counts this process in.
 * - `member`: the coordinator said so just now. - `fenced`: it said no; `lost` has been told. - `unknown`: no answer.
 */
export type MembershipAnswer = 'member' | 'fenced' | 'unknown'

/** The group's answer to a join. */
export interface Assignment {
  /** All that this member owns from now on. */
  readonly partitions: readonly AssignedPartition[]
  /** Those of them that nobody else can have had since this member last held them, and that are still read on. */
  readonly retainable: readonly TopicPartition[]
  readonly memberId: string
  readonly generationId: number
}

/** What becomes of an assignment. */
export interface Adoption {
  /** The epoch of all that is not retained; it begins at the positions of the assignment. */
  readonly epoch: number
  /** These go on under the epochs that they had. */
  readonly retained: readonly TopicPartition[]
}

/** What a driver tells the core. No method throws; `suspending` and `revoking` are awaited. */
export interface DriverSink {
  /** A new assignment is in force. What it does not name is over, except for what `revoking` is under way for. */
  assigned(assignment: Assignment): Adoption
  batch(batch: RecordBatch): void
  /** The position moved over records that are never delivered: control records, aborted or compacted ones. */
  advanced(partition: TopicPartition, epoch: number, nextOffset: number): void
  /**
   * At the position stands what cannot be decoded; all before it was handed over, and the position stays. It is told again
   * whenever it is fetched again: the core pauses the partition, and calls `skipTo` where it goes on past it.
   */
  undecodable(partition: TopicPartition, epoch: number, found: Undecodable): void
  /**
   * The fetch position was outside the log and has been moved; what was fetched before no longer counts. Answers the
   * epoch that the partition has from now on.
   */
  reset(partition: TopicPartition, to: number): number
  /**
   * A join is about to be sent after which any partition may be another member's. Commits are valid until the promise
   * settles, and nothing runs from then until the next assignment. What is handed over from now until then is dropped, and
   * its partition begins anew.
   */
  suspending(): Promise<void>
  /** Ownership of these is about to end; commits under their epochs are valid until the promise settles. */
  revoking(partitions: readonly TopicPartition[]): Promise<void>
  /** Ownership has ended without notice. Nothing of the old epoch may be committed. */
  lost(reason: string): void
  /** The client ended itself. `willRestart`: it comes back by itself with a new assignment. */
  crashed(error: HoldfastError, willRestart: boolean): void
}

/** What brokers have answered. Only whether a number has grown since it was read before counts. */
export interface DriverAnswers {
  /** Answers to requests of any kind: fetches, heartbeats, commits. */
  readonly total: number
  /** Answered fetches of a partition that count for its present assignment, also those that brought nothing. */
  fetchesOf(partition: TopicPartition): number
  /** Whether a join is under way. The group may hold its answer back for `rebalanceTimeoutMs`, and nothing is fetched. */
  readonly isJoining: boolean
}

/** How far the group has come in a partition, whoever owns it. */
export interface PartitionStanding {
  /** What the group has committed, else the start of the log; no less than that. */
  readonly settled: number
  /** One past the last acknowledged record, also where that is not committed yet. */
  readonly end: number
}

/** The logs of partitions that this member need not own. Nothing of it touches what is fetched. */
export interface DriverLogs {
  /**
   * In order; a partition can be named twice. Every `settled` is read before the first `end`.
   * @throws HF_PARTITION_MISSING; any other `HoldfastError`
   */
  standings(partitions: readonly TopicPartition[]): Promise<readonly PartitionStanding[]>
  /**
   * The records from `from` to before `to`, some at a time and in order, those of open or aborted transactions included.
   * @throws `HoldfastError`
   */
  read(partition: TopicPartition, from: number, to: number): AsyncIterable<RecordSource>
}

/** A client library for one consumer, from `start` to `stop`. */
export interface Driver {
  /** Without it retry topics cannot keep the order of keys. */
  readonly logs?: DriverLogs
  /** By these a connection that is open and says nothing any more is found, also while there is nothing to fetch. */
  readonly answers: DriverAnswers
  /** Connects and joins. Resolves with the first assignment; rejects with a `HoldfastError` when that cannot be had. */
  start(signal: AbortSignal): Promise<void>
  /** Desired state, idempotent, until `resume` or the end of the epoch. At most one more batch may arrive. */
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  /** Reads a partition on at a later offset, past what could not be decoded. Without effect under another epoch. */
  skipTo(partition: TopicPartition, epoch: number, offset: number): void
  /** One result per request, in order. Never throws, never repeats a request under another identity. */
  commit(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]>
  /**
   * Writes the outputs and commits the offset in one transaction. `ok`: that is decided, and visible a moment later.
   * `declined`: nothing of it is visible. `unknown`: all of it is visible, or nothing; only the very same request may follow,
   * which finds out. `fenced` with `HF_TRANSACTIONAL_ID_TAKEN` or `HF_TRANSACTION_REFUSED`: no
   * request of this consumer can succeed any more. One request of a partition at a time. Never throws.
   *
   * A driver that has it claims the id of a partition before it reads where the partition starts: after that, nothing that
   * an earlier owner has begun can succeed.
   */
  transact?(request: TransactionRequest): Promise<TransactionResult>
  /** Asks the coordinator whether the membership of the last assignment stands. Never throws. */
  confirm(): Promise<MembershipAnswer>
  /**
   * Gives partitions up whose epochs have ended, without a commit: nothing more of them arrives, and the group assigns them
   * anew, which may be to this member.
   */
  release(partitions: readonly TopicPartition[]): void
  /**
   * Writes records; resolves when every in-sync replica has all of them (`acks=all`, idempotent), those of one partition in
   * their order. Rejects with a `HoldfastError`; any of them may have been written then. Settles within half a minute.
   */
  produce(records: readonly OutgoingRecord[]): Promise<void>
  /** Leaves the group and closes every connection. The core has drained and committed before. */
  stop(): Promise<void>
}
