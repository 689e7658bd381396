import { mayAdmitUnder, type PauseCause } from '../model/pause-cause.ts'
import { type ConsumerRecord, recordBytes } from '../model/record.ts'
import type { RecordSource } from '../model/record-source.ts'
import type { TopicPartition } from '../model/topic-partition.ts'
import { DueTimes } from './due-times.ts'
import { Lane } from './lane.ts'
import type { LaneKey, Ordering } from './ordering.ts'
import { RecordBuffer } from './record-buffer.ts'

export interface PollLimits {
  readonly maxPollRecords: number
  /** How many records a batch handler takes at a time. @default all that may be admitted */
  readonly maxBatchRecords?: number | undefined
  readonly maxPollBytes: number
  readonly maxPollWaitMs: number
}

/** A small limit of a slow handler is filled up record by record, or slots would idle until half of it is free. */
const MAX_SINGLE_REFILL = 64

interface Room {
  readonly isFullByRecords: boolean
  readonly isFullByBytes: boolean
}

/** Records of one partition that were admitted together. */
export interface PollBatch {
  readonly queue: PartitionQueue
  readonly records: readonly ConsumerRecord[]
  /** One past the last record: what at-most-once commits before the first handler starts. */
  readonly endOffset: number
  /** Admitted past `maxPollRecords` for slots that would idle: it has no deadline of its own. */
  readonly isExtra: boolean
}

/**
 * What counts against `maxPollRecords`: every record that is admitted and not settled, or only those that no other one
 * of their lane holds back.
 */
export type AdmissionCount = 'all' | 'lanes'

/**
 * The records of one assignment of a partition between fetch and settle: buffered, then admitted to lanes. At most
 * `maxPollRecords` are admitted and not settled; what is settled makes room for the next ones when half is free, so that
 * one slow record does not hold the rest of its poll batch back. For a batch handler a poll batch is one batch, and the
 * next one is admitted when there is room for all of it.
 */
export class PartitionQueue implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** Whether its handler takes batches. */
  readonly batch: boolean
  readonly holds: Set<PauseCause> = new Set()
  /** Where it has a limit of its own: `max.poll.records` for as long as its handler takes what it takes now. */
  pollRecords: number | undefined
  /** Whether any record of it has waited between attempts. */
  hasPaused = false
  readonly #buffer = new RecordBuffer()
  /** Where its records wait for their time. */
  readonly #dueTimes: DueTimes | undefined
  #waitingSinceMs = 0
  #unfinished = 0
  #unfinishedBytes = 0
  #admitted = 0
  #admittedBytes = 0
  #closed = false
  #stopped = false
  readonly #suspendedBy = new Set<PauseCause>()
  readonly #lanes = new Map<LaneKey, Lane>()

  constructor({ topic, partition }: TopicPartition, batch: boolean, delayMs = 0) {
    this.topic = topic
    this.partition = partition
    this.batch = batch
    this.#dueTimes = delayMs > 0 ? new DueTimes(delayMs) : undefined
  }

  /** Records held: buffered and admitted ones. */
  get heldRecords(): number {
    return this.#unfinished
  }

  get heldBytes(): number {
    return this.#unfinishedBytes
  }

  /** Records in lanes that are not settled. */
  get admitted(): number {
    return this.#admitted
  }

  /** Lanes that hold something. */
  get lanes(): number {
    return this.#lanes.size
  }

  /** The lanes that hold something. */
  get busyLanes(): Iterable<Lane> {
    return this.#lanes.values()
  }

  get buffered(): number {
    return this.#buffer.length
  }

  /** Of the buffered records those whose time has come. */
  get due(): number {
    return this.#dueTimes?.due ?? this.buffered
  }

  /** When the next record may be admitted, where nothing else can be before; undefined where time is not what it waits for. */
  get nextDueMs(): number | undefined {
    return this.due === 0 ? this.#dueTimes?.nextMs : undefined
  }

  /** Records in lanes that wait for another one of their lane. */
  get waitingByOrder(): number {
    let waiting = 0
    for (const lane of this.#lanes.values()) waiting += lane.waiting
    return waiting
  }

  /** `wallNowMs` counts where records wait for their time. */
  offer(records: RecordSource, nowMs: number, wallNowMs = 0): void {
    if (this.#closed || records.length === 0) return
    if (this.buffered === 0) this.#waitingSinceMs = nowMs
    this.#unfinished += records.length
    this.#unfinishedBytes += this.#buffer.add(records)
    this.#dueTimes?.add(records, nowMs, wallNowMs)
  }

  /**
   * When time alone lets something be admitted: the first record comes due, or a batch that is not full is waited for no
   * longer.
   */
  nextAdmissionMs(limits: PollLimits): number | undefined {
    if (this.nextDueMs !== undefined) return this.nextDueMs
    if (!this.batch || !this.mayAdmit(limits, 'all')) return undefined
    return this.#waitingSinceMs + limits.maxPollWaitMs
  }

  /** Takes the next poll batch out of the buffer, if one may be admitted now. */
  admit(limits: PollLimits, counts: AdmissionCount, nowMs: number): PollBatch | undefined {
    this.#advance(nowMs)
    if (!this.mayAdmit(limits, counts)) return undefined
    const count = this.#pollBatchSize(limits, counts)
    const mayGrow = count === this.due && count < this.#batchRecords(limits) && this.holds.size === 0
    if (this.batch && mayGrow && nowMs < this.#waitingSinceMs + limits.maxPollWaitMs) return undefined
    const records = this.#buffer.take(count)
    this.#dueTimes?.take(count)
    this.#waitingSinceMs = nowMs
    this.#admitted += records.length
    for (const record of records) this.#admittedBytes += recordBytes(record, record.headers.bytes)
    return {
      queue: this,
      records,
      endOffset: (records.at(-1) as ConsumerRecord).offset + 1,
      isExtra: counts === 'lanes',
    }
  }

  /** Deals an admitted poll batch to its lanes; answers those that were idle. It may have waited until they were stopped. */
  start(pollBatch: PollBatch, ordering: Ordering): Lane[] {
    if (this.#stopped) return []
    const woken: Lane[] = []
    for (const [key, records] of ordering(pollBatch.records)) {
      const lane = this.#laneOf(key)
      lane.append(records)
      if (lane.state === 'idle') woken.push(lane)
    }
    return woken
  }

  /** Whether its lanes keep what they hold and start nothing. */
  get isSuspended(): boolean {
    return this.#suspendedBy.size > 0
  }

  isSuspendedBy(cause: PauseCause): boolean {
    return this.#suspendedBy.has(cause)
  }

  suspend(cause: PauseCause): void {
    this.#suspendedBy.add(cause)
  }

  /** The next lane in turn that could run if this cause, and nothing else, did not suspend the partition. */
  nextProbe(cause: PauseCause): Lane | undefined {
    if (!this.isSuspendedBy(cause) || this.#suspendedBy.size > 1) return undefined
    const lane = [...this.#lanes.values()].find(({ state, pending }) => state === 'idle' && pending > 0)
    if (lane === undefined) return undefined
    this.#lanes.delete(lane.key)
    this.#lanes.set(lane.key, lane)
    return lane
  }

  /** Ends a `suspend`; answers the lanes that have something to run. */
  resume(cause: PauseCause): Lane[] {
    this.#suspendedBy.delete(cause)
    if (this.isSuspended) return []
    return [...this.#lanes.values()].filter(({ state, pending }) => state === 'idle' && pending > 0)
  }

  /** Records left the queue because they are settled. */
  finish(records: readonly ConsumerRecord[]): void {
    this.#admitted -= records.length
    this.#unfinished -= records.length
    for (const record of records) {
      const bytes = recordBytes(record, record.headers.bytes)
      this.#admittedBytes -= bytes
      this.#unfinishedBytes -= bytes
    }
  }

  /** A lane ran empty. */
  forget(lane: Lane): void {
    if (this.#lanes.get(lane.key) === lane) this.#lanes.delete(lane.key)
  }

  /** Admits nothing more and drops what is buffered; with `keepAdmitted`, records already in lanes still run. */
  close(keepAdmitted: boolean): void {
    this.#closed = true
    this.#buffer.clear()
    this.#dueTimes?.clear()
    if (!keepAdmitted) this.stopLanes()
  }

  /** Whether what is admitted runs no more. */
  get isStopped(): boolean {
    return this.#stopped
  }

  /** No lane starts another attempt. */
  stopLanes(): void {
    this.#stopped = true
    for (const lane of this.#lanes.values()) lane.stop()
    this.#lanes.clear()
  }

  /** Whether there is something to admit, and room for it. */
  mayAdmit(limits: PollLimits, counts: AdmissionCount): boolean {
    if (this.#closed || this.due === 0) return false
    const { isFullByRecords, isFullByBytes } = this.room(limits, counts)
    return !isFullByRecords && !isFullByBytes && mayAdmitUnder(this.holds)
  }

  /** Whether as many records are admitted as may be. */
  isFull(limits: PollLimits): boolean {
    return this.#admitted >= this.#pollRecords(limits)
  }

  /** Which limit of the admitted records is reached. */
  room(limits: PollLimits, counts: AdmissionCount): Room {
    return {
      isFullByRecords: this.#taken(counts) > this.#refillLevel(limits),
      isFullByBytes: counts === 'all' && this.#admitted > 0 && this.#admittedBytes > limits.maxPollBytes / 2,
    }
  }

  #advance(nowMs: number): void {
    if (this.#dueTimes === undefined) return
    if (this.due === 0) this.#waitingSinceMs = nowMs
    this.#dueTimes.advance(nowMs)
  }

  #refillLevel(limits: PollLimits): number {
    const most = this.#pollRecords(limits)
    if (this.batch) return most - this.#batchRecords(limits)
    return this.pollRecords !== undefined && most <= MAX_SINGLE_REFILL ? most - 1 : most / 2
  }

  #pollRecords({ maxPollRecords }: PollLimits): number {
    return this.pollRecords ?? maxPollRecords
  }

  #batchRecords(limits: PollLimits): number {
    const most = this.#pollRecords(limits)
    return Math.min(limits.maxBatchRecords ?? most, most)
  }

  #taken(counts: AdmissionCount): number {
    return counts === 'all' ? this.#admitted : this.#lanes.size
  }

  #pollBatchSize(limits: PollLimits, counts: AdmissionCount): number {
    const { maxPollBytes } = limits
    const room = this.batch ? this.#batchRecords(limits) : this.#pollRecords(limits) - this.#taken(counts)
    const most = Math.min(this.due, room)
    if (this.#unfinishedBytes <= maxPollBytes) return most
    return this.#buffer.fit(most, maxPollBytes - this.#admittedBytes)
  }

  #laneOf(key: LaneKey): Lane {
    const known = this.#lanes.get(key)
    if (known !== undefined) return known
    const lane = new Lane(this, key)
    this.#lanes.set(key, lane)
    return lane
  }
}
