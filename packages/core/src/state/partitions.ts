import type { DoneAhead } from '../ledger/done-ahead.ts'
import { type AssignedPartition, partitionName, type TopicPartition } from '../model/topic-partition.ts'
import { HandlerTime } from '../policy/handler-time.ts'
import type { PartitionQueue } from '../schedule/partition-queue.ts'
import { PartitionState } from './partition-state.ts'

/** How the handler of a topic takes its records. */
export interface RecordsTaken {
  /** Whether in batches. */
  readonly batch: boolean
  /** How long after their time stamps. */
  readonly delayMs: number
}

/** The partitions of the current assignment, and the counter of epochs. */
export class Partitions implements Iterable<PartitionState> {
  #byName = new Map<string, PartitionState>()
  #byQueue = new Map<PartitionQueue, PartitionState>()
  readonly #handlerTimes = new Map<string, HandlerTime>()
  #epoch = 0

  get size(): number {
    return this.#byName.size
  }

  get epoch(): number {
    return this.#epoch
  }

  [Symbol.iterator](): Iterator<PartitionState> {
    return this.#byName.values()
  }

  nextEpoch(): number {
    this.#epoch += 1
    return this.#epoch
  }

  add(partition: AssignedPartition, { batch, delayMs }: RecordsTaken, doneAhead: DoneAhead): PartitionState {
    const handlerTime = this.#handlerTimeOf(partition.topic)
    const state = new PartitionState(partition, this.#epoch, { batch, delayMs, doneAhead, handlerTime })
    this.#byName.set(partitionName(partition), state)
    this.#byQueue.set(state.queue, state)
    return state
  }

  remove(state: PartitionState): void {
    this.#byQueue.delete(state.queue)
    const name = partitionName(state)
    if (this.#byName.get(name) === state) this.#byName.delete(name)
  }

  /** The state under this very epoch; undefined for anything older. */
  at(partition: TopicPartition, epoch: number): PartitionState | undefined {
    const state = this.#byName.get(partitionName(partition))
    return state?.epoch === epoch ? state : undefined
  }

  /** Partitions of a topic, or the one that is named. */
  matching(topic: string, partition?: number): PartitionState[] {
    return [...this].filter(
      (state) => state.topic === topic && (partition === undefined || state.partition === partition),
    )
  }

  /** What handlers take is known of a topic, and outlives its assignments. */
  #handlerTimeOf(topic: string): HandlerTime {
    const known = this.#handlerTimes.get(topic) ?? new HandlerTime()
    this.#handlerTimes.set(topic, known)
    return known
  }

  ofQueue(queue: PartitionQueue): PartitionState | undefined {
    return this.#byQueue.get(queue)
  }
}
