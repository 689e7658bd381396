import type { ConsumerRecord, RecordBatch } from '../model/record.ts'
import type { TopicPartition } from '../model/topic-partition.ts'
import type { Clock } from '../ports/clock.ts'
import type { Events } from '../ports/events.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { Partitions } from '../state/partitions.ts'

/**
 * The door for fetched records: those of the current epoch enter the ledger and the scheduler, in that order, so that
 * a record is open before anything can run it. What belongs to an older epoch is dropped and told.
 */
export class Intake {
  readonly #partitions: Partitions
  readonly #scheduler: Scheduler
  readonly #events: Events
  readonly #clock: Clock

  constructor(partitions: Partitions, scheduler: Scheduler, events: Events, clock: Clock) {
    this.#partitions = partitions
    this.#scheduler = scheduler
    this.#events = events
    this.#clock = clock
  }

  receive(batch: RecordBatch): void {
    const { topic, partition, epoch, nextOffset } = batch
    const state = this.#partitions.at(batch, epoch)
    if (state?.phase !== 'active') {
      const reason = state === undefined ? 'stale epoch' : 'not active'
      this.#events.emit('batch:dropped', { topic, partition, epoch, count: batch.records.length, reason })
      return
    }
    state.highWatermark = batch.highWatermark
    const records = this.#withoutRedelivered(batch, state.ledger.next)
    state.ledger.track(records, nextOffset)
    this.#scheduler.offer(state.queue, records, this.#clock.now())
    this.#events.emit('batch:received', { topic, partition, epoch, count: records.length, nextOffset })
  }

  /** The position moved over offsets that hold nothing to deliver. */
  advance(partition: TopicPartition, epoch: number, nextOffset: number): void {
    const state = this.#partitions.at(partition, epoch)
    if (state?.phase === 'active') state.ledger.skipTo(nextOffset)
  }

  /** Offsets only grow here: a fetch that was repeated, or a log that is not in order, brings nothing twice. */
  #withoutRedelivered(batch: RecordBatch, next: number): readonly ConsumerRecord[] {
    const { topic, partition, epoch, records } = batch
    let expected = next
    const isInOrder = (record: ConsumerRecord): boolean => {
      if (record.offset < expected) return false
      expected = record.offset + 1
      return true
    }
    if (records.every(isInOrder)) return records
    expected = next
    const fresh = records.filter(isInOrder)
    const count = records.length - fresh.length
    this.#events.emit('batch:dropped', { topic, partition, epoch, count, reason: 'redelivered' })
    return fresh
  }
}
