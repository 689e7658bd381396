import {
  type AssignedPartition,
  type DriverContext,
  partitionName,
  type RecordBatch,
  sourceOf,
  type TopicPartition,
} from '@holdfast/core'
import type { StoredOffset } from './fake-group.ts'
import type { FakeLogs } from './fake-logs.ts'
import type { FetchFaults } from './fetch-faults.ts'

interface Position {
  readonly partition: TopicPartition
  epoch: number
  offset: number
}

/** What the group has committed. */
type CommittedOf = (partition: TopicPartition) => StoredOffset

/**
 * Reads ahead by one batch of each partition: a fetch takes a turn of the event loop, and a pause that comes meanwhile
 * does not stop the batch that is on its way.
 */
export class FakeFetcher {
  readonly #context: DriverContext
  readonly #logs: FakeLogs
  readonly #maxBatchRecords: number
  readonly #faults: FetchFaults
  readonly #positions = new Map<string, Position>()
  readonly #epochs = new Map<string, number>()
  readonly #paused = new Set<string>()
  readonly #stopListening: () => void
  #asked: readonly AssignedPartition[] | undefined
  #late: RecordBatch[] = []
  #isFetching = false
  #isClosed = false
  #isSuspended = false

  constructor(context: DriverContext, logs: FakeLogs, maxBatchRecords: number, faults: FetchFaults) {
    this.#context = context
    this.#logs = logs
    this.#maxBatchRecords = maxBatchRecords
    this.#faults = faults
    this.#stopListening = logs.onChange(() => this.#fetch())
  }

  /** Those of these that are read or could be read on. */
  known(partitions: readonly TopicPartition[]): TopicPartition[] {
    return partitions.filter((partition) => this.#positions.has(partitionName(partition)))
  }

  /** Reads these no more; they can still be committed. */
  stopReading(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#positions.delete(partitionName(partition))
  }

  /** These are owned no more, and their pauses end. */
  forget(partitions: readonly TopicPartition[]): void {
    this.stopReading(partitions)
    for (const partition of partitions) {
      this.#epochs.delete(partitionName(partition))
      this.#paused.delete(partitionName(partition))
    }
  }

  clear(): void {
    this.#positions.clear()
    this.#epochs.clear()
    this.#paused.clear()
  }

  /** Has somebody else say where partitions begin; the next `startsOf` takes that. */
  async askStarts(partitions: readonly TopicPartition[], committed: CommittedOf): Promise<void> {
    this.#asked = await this.#context.startsAt?.(this.#located(partitions, committed))
  }

  /** Where partitions are read from: the committed offset, else as `autoOffsetReset` says. */
  startsOf(partitions: readonly TopicPartition[], committed: CommittedOf): readonly AssignedPartition[] {
    const asked = this.#asked
    this.#asked = undefined
    return asked ?? this.#located(partitions, committed)
  }

  #located(partitions: readonly TopicPartition[], committed: CommittedOf): AssignedPartition[] {
    return partitions.map((each) => this.#locate(each, committed(each)))
  }

  #locate({ topic, partition }: TopicPartition, { offset, metadata }: StoredOffset): AssignedPartition {
    const position = offset >= 0 ? offset : this.#resetOffset({ topic, partition })
    const start = { topic, partition, position, committed: offset }
    return metadata === '' ? start : { ...start, metadata, logEnd: this.#logs.at({ topic, partition }).end }
  }

  begin(epoch: number, partitions: readonly AssignedPartition[]): void {
    this.#isSuspended = false
    for (const { topic, partition, position } of partitions) {
      const name = partitionName({ topic, partition })
      this.#epochs.set(name, epoch)
      this.#positions.set(name, { partition: { topic, partition }, epoch, offset: position })
    }
    const late = this.#late
    this.#late = []
    for (const batch of late) this.#context.sink.batch(batch)
    this.#fetch()
  }

  /** The epoch under which a partition is fetched and committed; undefined where it is not owned. */
  epochOf(partition: TopicPartition): number | undefined {
    return this.#epochs.get(partitionName(partition))
  }

  /** Fetches nothing until the next assignment. */
  suspend(): void {
    this.#isSuspended = true
  }

  close(): void {
    this.#isClosed = true
    this.#positions.clear()
    this.#stopListening()
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#paused.add(partitionName(partition))
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#paused.delete(partitionName(partition))
    this.#fetch()
  }

  skipTo(partition: TopicPartition, epoch: number, offset: number): void {
    const position = this.#positions.get(partitionName(partition))
    if (position?.epoch !== epoch) return
    position.offset = offset
    this.#fetch()
  }

  #fetch(): void {
    if (this.#isFetching || this.#isClosed || this.#isSuspended) return
    const ready = [...this.#positions].filter(([name, position]) => !this.#paused.has(name) && this.#hasNews(position))
    if (ready.length === 0) return
    this.#isFetching = true
    setImmediate(() => {
      this.#isFetching = false
      if (this.#isSuspended) return
      for (const [name, position] of ready) if (this.#positions.get(name) === position) this.#deliver(position)
      this.#fetch()
    })
  }

  #hasNews({ partition, offset }: Position): boolean {
    return offset !== this.#logs.at(partition).end
  }

  #deliver(position: Position): void {
    const { sink } = this.#context
    const { partition } = position
    const log = this.#logs.at(partition)
    const fetched = log.read(position.offset, this.#maxBatchRecords)
    if (fetched === undefined) {
      position.offset = this.#resetOffset(partition)
      position.epoch = sink.reset(partition, position.offset)
      this.#epochs.set(partitionName(partition), position.epoch)
      return
    }
    const { records, nextOffset, undecodable } = fetched
    if (undecodable !== undefined) return sink.undecodable(partition, position.epoch, undecodable)
    if (nextOffset === position.offset) return
    position.offset = nextOffset
    if (records.length === 0) return sink.advanced(partition, position.epoch, nextOffset)
    this.#hand({ ...partition, epoch: position.epoch, records: sourceOf(records), nextOffset, highWatermark: log.end })
  }

  #hand(batch: RecordBatch): void {
    if (this.#faults.stale?.(batch)) {
      this.#late.push(batch)
      // The rest of the partition must not overtake it within the epoch, which is not to be retained.
      this.#positions.delete(partitionName(batch))
      return
    }
    this.#context.sink.batch(batch)
    if (this.#faults.repeat?.(batch)) this.#context.sink.batch(batch)
  }

  #resetOffset(partition: TopicPartition): number {
    const log = this.#logs.at(partition)
    const { autoOffsetReset, producesTo } = this.#context
    return autoOffsetReset === 'earliest' || producesTo.includes(partition.topic) ? log.start : log.end
  }
}
