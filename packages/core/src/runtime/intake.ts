import type { RecordBatch } from '../model/record.ts'
import { pick, type RecordSource } from '../model/record-source.ts'
import type { TopicPartition } from '../model/topic-partition.ts'
import type { Clock } from '../ports/clock.ts'
import type { Events } from '../ports/events.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'

export interface IntakePorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly events: Events
  readonly clock: Clock
  /** Records of a partition wait to be admitted. */
  arrived(state: PartitionState): void
  /** Offsets were passed that hold nothing to run: there may be something to commit. */
  progressed(): void
}

/**
 * The door for fetched records: those of the current epoch enter the ledger and the scheduler, in that order, so that
 * a record is open before anything can run it. What belongs to an older epoch is dropped and told.
 */
export class Intake {
  readonly #ports: IntakePorts

  constructor(ports: IntakePorts) {
    this.#ports = ports
  }

  receive(batch: RecordBatch): void {
    const { partitions, scheduler, events, clock } = this.#ports
    const { topic, partition, epoch, nextOffset } = batch
    const state = partitions.at(batch, epoch)
    if (state?.phase !== 'active') {
      const reason = state === undefined ? 'stale epoch' : 'not active'
      if (state !== undefined) state.missesRecords = true
      events.emit('batch:dropped', { topic, partition, epoch, count: batch.records.length, reason })
      return
    }
    state.highWatermark = batch.highWatermark
    const fresh = this.#withoutRedelivered(batch, state.ledger.next)
    const records = state.ledger.track(fresh, nextOffset)
    if (records.length < fresh.length) this.#skip(state, fresh.length - records.length)
    const nowMs = clock.now()
    state.noteArrival(nextOffset, nowMs)
    scheduler.offer(state.queue, records, nowMs, clock.wallNow())
    this.#ports.arrived(state)
    events.emit('batch:received', { topic, partition, epoch, count: records.length, nextOffset })
    this.#ports.progressed()
  }

  /** The position moved over offsets that hold nothing to deliver. */
  advance(partition: TopicPartition, epoch: number, nextOffset: number): void {
    const state = this.#ports.partitions.at(partition, epoch)
    if (state?.phase !== 'active') return
    state.ledger.skipTo(nextOffset)
    this.#ports.progressed()
  }

  #skip(state: PartitionState, count: number): void {
    state.skippedDoneAhead += count
    this.#ports.events.emit('record:skipped', { ...state.name, count, reason: 'done ahead' })
  }

  /** Offsets only grow here: a fetch that was repeated, or a log that is not in order, brings nothing twice. */
  #withoutRedelivered({ topic, partition, epoch, records }: RecordBatch, next: number): RecordSource {
    let expected = next
    const fresh = pick(records, (offset) => {
      if (offset < expected) return false
      expected = offset + 1
      return true
    })
    const count = records.length - fresh.length
    if (count > 0) this.#ports.events.emit('batch:dropped', { topic, partition, epoch, count, reason: 'redelivered' })
    return fresh
  }
}
