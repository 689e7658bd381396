import type { HoldfastError } from '../errors/holdfast-error.ts'
import { type DoneAhead, decodeDoneAhead, NOTHING_AHEAD } from '../ledger/done-ahead.ts'
import type { RecordBatch } from '../model/record.ts'
import type { AssignedPartition, TopicPartition } from '../model/topic-partition.ts'
import type { BoundHandler } from '../pipeline/handlers.ts'
import type { Assignment, DriverSink, RevokeCause } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'

export interface GroupPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly events: Events
  readonly drainBudgetMs: number
  handlerOf(topic: string): BoundHandler
  isPausedByUser(partition: TopicPartition): boolean
  receive(batch: RecordBatch): void
  advance(partition: TopicPartition, epoch: number, nextOffset: number): void
  drain(cause: RevokeCause, budgetMs: number): Promise<unknown>
  resumeFetch(partition: TopicPartition): void
  lose(states?: readonly PartitionState[]): void
  react(): void
  fail(error: unknown): void
}

/** What the driver tells of the group: members come and go, partitions with them. */
export class Group implements DriverSink {
  readonly #ports: GroupPorts
  #memberId = ''
  #generationId: number | undefined
  #isClosed = false

  constructor(ports: GroupPorts) {
    this.#ports = ports
  }

  get memberId(): string {
    return this.#memberId
  }

  /** Undefined while this process is not a member. */
  get generationId(): number | undefined {
    return this.#generationId
  }

  /** A consumer that stops takes on nothing more: what a late join brings runs at the next owner. */
  close(): void {
    this.#isClosed = true
  }

  assigned({ partitions: owned, memberId, generationId }: Assignment): number {
    const { partitions, events } = this.#ports
    if (partitions.size > 0) this.#ports.lose()
    const epoch = partitions.nextEpoch()
    if (this.#isClosed) return epoch
    this.#memberId = memberId
    this.#generationId = generationId
    for (const partition of owned) this.#own(partition)
    events.emit('group:joined', { memberId, generationId, epoch, partitions: owned })
    this.#ports.react()
    return epoch
  }

  batch(batch: RecordBatch): void {
    this.#ports.receive(batch)
    this.#ports.react()
  }

  advanced(partition: TopicPartition, epoch: number, nextOffset: number): void {
    this.#ports.advance(partition, epoch, nextOffset)
  }

  reset({ topic, partition }: TopicPartition, to: number): number {
    const { partitions, events } = this.#ports
    const [state] = partitions.matching(topic, partition)
    const isEnding = state === undefined || state.phase === 'draining'
    if (state !== undefined) this.#ports.lose([state])
    const epoch = partitions.nextEpoch()
    if (!isEnding) this.#own({ topic, partition, position: to, committed: -1 })
    this.#ports.resumeFetch({ topic, partition })
    events.emit('partition:reset', { topic, partition, epoch, to })
    this.#ports.react()
    return epoch
  }

  async revoking(cause: RevokeCause): Promise<void> {
    await this.#ports.drain(cause, this.#ports.drainBudgetMs)
  }

  lost(reason: string): void {
    this.#generationId = undefined
    if (this.#ports.partitions.size === 0) return
    this.#ports.lose()
    this.#ports.events.emit('group:lost', { reason })
  }

  crashed(error: HoldfastError, willRestart: boolean): void {
    this.lost(error.message)
    this.#ports.events.emit('driver:crashed', { error, willRestart })
    if (!willRestart) this.#ports.fail(error)
  }

  #own(partition: AssignedPartition): void {
    const { partitions, scheduler } = this.#ports
    const handler = this.#handlerOf(partition.topic)
    if (handler === undefined) return
    const state = partitions.add(partition, handler.batch, this.#doneAhead(partition))
    scheduler.add(state.queue)
    if (this.#ports.isPausedByUser(partition)) scheduler.hold(state.queue, 'user')
  }

  /** What an earlier owner had done past the offset that it could commit, as far as its word can be trusted. */
  #doneAhead({ topic, partition, committed, metadata = '', logEnd = committed }: AssignedPartition): DoneAhead {
    const { doneAhead, refusal } = decodeDoneAhead(committed, metadata, logEnd)
    if (doneAhead !== undefined) return doneAhead
    const { epoch } = this.#ports.partitions
    this.#ports.events.emit('metadata:ignored', { topic, partition, epoch, offset: committed, reason: refusal })
    return NOTHING_AHEAD
  }

  /** A pattern can match a topic that another handler claims as well: that shows only now, and ends the run. */
  #handlerOf(topic: string): BoundHandler | undefined {
    try {
      return this.#ports.handlerOf(topic)
    } catch (error) {
      this.#ports.fail(error)
      return undefined
    }
  }
}
