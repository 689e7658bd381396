import type { ConsumerRecord } from '../model/record.ts'
import type { LaneKey } from './ordering.ts'
import type { PartitionQueue } from './partition-queue.ts'

/**
 * - `idle`: nothing to run, or its partition is suspended. - `ready`: waits in the ring for a slot.
 * - `running`: a slot works on it.
 * - `parked`: its head waits for its retry time. - `stopped`: its partition halted or was revoked; it never runs again.
 */
export type LaneState = 'idle' | 'ready' | 'running' | 'parked' | 'stopped'

/** The lanes that a slot runs at once: one, or for a batch handler as many as fill a batch. */
export type LaneSet = readonly [Lane, ...Lane[]]

/** One call's worth of work: one record, or the records of a batch handler's call in the order of their offsets. */
export interface Delivery {
  readonly lanes: LaneSet
  readonly records: readonly ConsumerRecord[]
  /** 1 for the first attempt. */
  readonly attempt: number
}

const UNBOUNDED = Number.POSITIVE_INFINITY

/** Records that run one after another. */
export class Lane {
  readonly queue: PartitionQueue
  readonly key: LaneKey
  /** The set that it is by itself. */
  readonly alone: LaneSet = [this]
  state: LaneState = 'idle'
  /** It may run one record though its partition is suspended. */
  isProbe = false
  /** When a parked lane may run again, on the monotonic clock. */
  dueMs = 0
  /** What comes after a head that waited had to wait until then. */
  agesFromMs: number = Number.NEGATIVE_INFINITY
  /** Of its head: when the pause before its next attempt began, and how long those before that were together. */
  #parkedAtMs = 0
  #pausedMs = 0
  #pending: readonly ConsumerRecord[] = []
  #cursor = 0
  #attempt = 1
  /** How many records the attempt under way took from the head. */
  #taken = 0
  /** How many records the next attempt may take: after a failure those that failed, whatever has come since. */
  #portion = UNBOUNDED

  constructor(queue: PartitionQueue, key: LaneKey) {
    this.queue = queue
    this.key = key
  }

  /** Whether the slot that has it may start its next record. */
  get mayRun(): boolean {
    return this.state === 'running' && (this.isProbe || !this.queue.isSuspended)
  }

  get pending(): number {
    return this.#pending.length - this.#cursor
  }

  /** How long its head has waited between attempts until now, which is not what it takes. */
  pausedMs(nowMs: number): number {
    return this.#pausedMs + Math.max(0, Math.min(nowMs, this.dueMs) - this.#parkedAtMs)
  }

  get head(): ConsumerRecord | undefined {
    return this.#pending[this.#cursor]
  }

  get attempt(): number {
    return this.#attempt
  }

  /** How many records its next attempt takes where nothing else limits it. */
  get portion(): number {
    return Math.min(this.pending, this.#portion)
  }

  /** Records that wait for the ones before them. */
  get waiting(): number {
    return this.pending - Math.max(this.#taken, Math.min(this.pending, 1))
  }

  append(records: readonly ConsumerRecord[]): void {
    this.#pending = this.pending === 0 ? records : [...this.#pending.slice(this.#cursor), ...records]
    this.#cursor = 0
  }

  /** The next delivery of a record handler; it stays at the head until `finish`, so that a retry finds it again. */
  takeOne(): Delivery | undefined {
    const record = this.#pending[this.#cursor]
    if (record === undefined) return undefined
    this.#taken = 1
    this.isProbe = false
    return { lanes: this.alone, records: [record], attempt: this.#attempt }
  }

  /** The records of its next attempt, `most` of them at the most; they stay at the head until `finish` or `keep`. */
  take(most: number): readonly ConsumerRecord[] {
    this.#taken = Math.min(this.portion, this.isProbe ? 1 : most)
    this.isProbe = false
    return this.#pending.slice(this.#cursor, this.#cursor + this.#taken)
  }

  /** What the attempt took is settled. */
  finish(): void {
    this.#cursor += this.#taken
    this.#begin(UNBOUNDED)
  }

  /** Of what the attempt took, what `isLeft` holds for stays at the head for an attempt of its own. */
  keep(isLeft: (record: ConsumerRecord) => boolean): void {
    const rest = this.#cursor + this.#taken
    const left = this.#pending.slice(this.#cursor, rest).filter(isLeft)
    if (left.length < this.#taken) {
      this.#pending = [...left, ...this.#pending.slice(rest)]
      this.#cursor = 0
    }
    this.#begin(left.length === 0 ? UNBOUNDED : left.length)
  }

  /** What was kept waits until `dueMs`, as an attempt that has failed once more than `attempt`. */
  park(attempt: number, dueMs: number, nowMs: number = dueMs): void {
    this.#attempt = attempt + 1
    this.#pausedMs = this.pausedMs(nowMs)
    this.#parkedAtMs = nowMs
    this.queue.hasPaused = true
    this.dueMs = dueMs
    this.state = 'parked'
  }

  /** What was kept is tried again as the attempt that it was. */
  hold(attempt: number): void {
    this.#attempt = attempt
  }

  /** Ends the lane; answers how many records it will never run. */
  stop(): number {
    const dropped = this.pending
    this.#pending = []
    this.#cursor = 0
    this.#taken = 0
    this.state = 'stopped'
    return dropped
  }

  #begin(portion: number): void {
    if (portion === UNBOUNDED && this.dueMs > 0) {
      this.agesFromMs = this.dueMs
      this.#pausedMs = 0
      this.#parkedAtMs = this.dueMs
    }
    this.#taken = 0
    this.#attempt = 1
    this.#portion = portion
  }
}

/** One delivery of all that the lanes of a batch handler have, `most` records at the most. */
export function takeBatch(lanes: LaneSet, most: number): Delivery {
  const [{ attempt }] = lanes
  if (lanes.length === 1) return { lanes, records: lanes[0].take(most), attempt }
  const records: ConsumerRecord[] = []
  for (const lane of lanes) for (const record of lane.take(most - records.length)) records.push(record)
  return { lanes, records: records.sort((a, b) => a.offset - b.offset), attempt }
}
