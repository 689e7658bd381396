import type { HoldfastError } from '../errors/holdfast-error.ts'
import { type DoneAhead, decodeDoneAhead, NOTHING_AHEAD } from '../ledger/done-ahead.ts'
import type { RecordBatch } from '../model/record.ts'
import { type AssignedPartition, partitionName, type TopicPartition } from '../model/topic-partition.ts'
import type { Undecodable } from '../model/undecodable.ts'
import type { BoundHandler } from '../pipeline/handlers.ts'
import type { Adoption, Assignment, DriverSink } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'

/** How epochs are halted, taken up again, and ended. */
export interface EpochEnds {
  suspend(budgetMs: number): Promise<void>
  drain(cause: 'rebalance', budgetMs: number, states: readonly PartitionState[]): Promise<unknown>
  restore(states: readonly PartitionState[]): void
  release(states: readonly PartitionState[]): void
  lose(states: readonly PartitionState[], reason?: string): void
}

export interface GroupPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly events: Events
  readonly rebalance: EpochEnds
  readonly drainBudgetMs: number
  handlerOf(topic: string): BoundHandler
  /** A partition begins; nothing of it runs yet. */
  owned(state: PartitionState): void
  isPausedByUser(partition: TopicPartition): boolean
  receive(batch: RecordBatch): void
  advance(partition: TopicPartition, epoch: number, nextOffset: number): void
  undecodable(partition: TopicPartition, epoch: number, found: Undecodable): void
  resumeFetch(partition: TopicPartition): void
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

  assigned({ partitions: owned, retainable, memberId, generationId }: Assignment): Adoption {
    const { partitions, events } = this.#ports
    const retained = this.#retain(retainable)
    const epoch = partitions.nextEpoch()
    if (this.#isClosed) return { epoch, retained }
    this.#memberId = memberId
    this.#generationId = generationId
    const kept = new Set(retained.map(partitionName))
    const added = owned.filter((partition) => !kept.has(partitionName(partition)))
    // The driver kept their pauses with the rest; what paused them has ended.
    for (const partition of retainable) if (!kept.has(partitionName(partition))) this.#ports.resumeFetch(partition)
    for (const partition of added) this.#own(partition)
    events.emit('group:joined', { memberId, generationId, epoch, partitions: owned, added })
    this.#ports.react()
    return { epoch, retained }
  }

  batch(batch: RecordBatch): void {
    this.#ports.receive(batch)
    this.#ports.react()
  }

  advanced(partition: TopicPartition, epoch: number, nextOffset: number): void {
    this.#ports.advance(partition, epoch, nextOffset)
  }

  undecodable(partition: TopicPartition, epoch: number, found: Undecodable): void {
    this.#ports.undecodable(partition, epoch, found)
    this.#ports.react()
  }

  reset({ topic, partition }: TopicPartition, to: number): number {
    const { partitions, events } = this.#ports
    const [state] = partitions.matching(topic, partition)
    const isEnding = state === undefined || state.phase === 'draining'
    const from = state?.ledger.next ?? to
    if (state !== undefined) this.#ports.rebalance.lose([state])
    const epoch = partitions.nextEpoch()
    if (!isEnding) this.#own({ topic, partition, position: to, committed: -1 })
    this.#ports.resumeFetch({ topic, partition })
    events.emit('partition:reset', { topic, partition, epoch, from, to, jumped: Math.max(0, to - from) })
    this.#ports.react()
    return epoch
  }

  suspending(): Promise<void> {
    return this.#ports.rebalance.suspend(this.#ports.drainBudgetMs)
  }

  async revoking(partitions: readonly TopicPartition[]): Promise<void> {
    const states = partitions.flatMap(({ topic, partition }) => this.#ports.partitions.matching(topic, partition))
    if (states.length > 0) await this.#ports.rebalance.drain('rebalance', this.#ports.drainBudgetMs, states)
  }

  lost(reason: string): void {
    this.#generationId = undefined
    this.#ports.rebalance.lose([...this.#ports.partitions], reason)
  }

  crashed(error: HoldfastError, willRestart: boolean): void {
    this.lost(error.message)
    this.#ports.events.emit('driver:crashed', { error, willRestart })
    if (!willRestart) this.#ports.fail(error)
  }

  /**
   * Keeps of these what is still in order, or is being drained and has to be committed; whatever else there is has ended. Where
   * records came while nothing was taken, the partition begins anew; one that is halted takes none, and stays so.
   */
  #retain(retainable: readonly TopicPartition[]): readonly TopicPartition[] {
    const { partitions, rebalance } = this.#ports
    const names = new Set(retainable.map(partitionName))
    const mayStay = (state: PartitionState): boolean =>
      names.has(partitionName(state)) &&
      !(state.phase === 'suspended' && state.missesRecords && state.haltedBy === undefined)
    const kept = [...partitions].filter(mayStay)
    rebalance.restore(kept)
    const gone = [...partitions].filter((state) => !mayStay(state) && state.phase !== 'draining')
    const { suspended = [], other = [] } = Object.groupBy(gone, ({ phase }) =>
      phase === 'suspended' ? phase : 'other',
    )
    rebalance.release(suspended)
    rebalance.lose(other, 'the group may have given them to another member while they were in use')
    return kept.map(({ topic, partition }) => ({ topic, partition }))
  }

  #own(partition: AssignedPartition): void {
    const { partitions, scheduler } = this.#ports
    const handler = this.#handlerOf(partition.topic)
    if (handler === undefined) return
    const state = partitions.add(partition, handler, this.#doneAhead(partition))
    scheduler.add(state.queue)
    this.#ports.owned(state)
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
