import type { ConsumerRecord } from '../model/record.ts'
import type { LaneKey } from './ordering.ts'
import type { PartitionQueue } from './partition-queue.ts'

/**
 * - `idle`: nothing to run. - `ready`: waits in the ring for a slot. - `running`: a slot works on it.
 * - `parked`: its head waits for its retry time. - `stopped`: its partition halted or was revoked; it never runs again.
 */
export type LaneState = 'idle' | 'ready' | 'running' | 'parked' | 'stopped'

/** One call's worth of work: one record, or the records of a batch handler's call. */
export interface Delivery {
  readonly lane: Lane
  readonly records: readonly ConsumerRecord[]
  /** 1 for the first attempt. */
  readonly attempt: number
}

/** Deliveries that run one after another. */
export class Lane {
  readonly queue: PartitionQueue
  readonly key: LaneKey
  state: LaneState = 'idle'
  /** When a parked lane may run again, on the monotonic clock. */
  dueMs = 0
  #pending: readonly ConsumerRecord[] = []
  #cursor = 0
  #attempt = 1
  /** Where the records of the batch that runs end, so that a retry takes the same ones. */
  #batchEnd = 0

  constructor(queue: PartitionQueue, key: LaneKey) {
    this.queue = queue
    this.key = key
  }

  get pending(): number {
    return this.#pending.length - this.#cursor
  }

  /** Records that wait for the ones before them. */
  get waiting(): number {
    return this.pending - (this.peek()?.records.length ?? 0)
  }

  get head(): ConsumerRecord | undefined {
    return this.#pending[this.#cursor]
  }

  append(records: readonly ConsumerRecord[]): void {
    this.#pending = this.pending === 0 ? records : [...this.#pending.slice(this.#cursor), ...records]
    this.#cursor = 0
    this.#batchEnd = this.#pending.length
  }

  /** The next delivery. It stays at the head until `finish`, so that a retry finds it again. */
  peek(): Delivery | undefined {
    const record = this.#pending[this.#cursor]
    if (record === undefined) return undefined
    const records = this.queue.batch ? this.#pending.slice(this.#cursor, this.#batchEnd) : [record]
    return { lane: this, records, attempt: this.#attempt }
  }

  /** The first `count` pending records are settled. */
  finish(count: number): void {
    this.#cursor += count
    this.#attempt = 1
  }

  park(dueMs: number): void {
    this.#attempt += 1
    this.dueMs = dueMs
    this.state = 'parked'
  }

  /** Ends the lane; answers how many records it will never run. */
  stop(): number {
    const dropped = this.pending
    this.#pending = []
    this.#cursor = 0
    this.state = 'stopped'
    return dropped
  }
}
