import type { HoldfastError } from '../errors/holdfast-error.ts'
import { type DoneAhead, encodeDoneAhead, MAX_RANGES } from '../ledger/done-ahead.ts'
import { Ledger } from '../ledger/ledger.ts'
import type { Progress } from '../model/progress.ts'
import type { AssignedPartition, TopicPartition } from '../model/topic-partition.ts'
import { PendingOutputs } from '../pipeline/pending-outputs.ts'
import type { HandlerTime } from '../policy/handler-time.ts'
import type { Unavailable } from '../policy/verdicts.ts'
import { PartitionQueue } from '../schedule/partition-queue.ts'
import { Arrivals } from './arrivals.ts'

/**
 * - `active`: records are admitted and run.
 * - `halted`: a record failed for good; nothing past it runs or is committed.
 * - `draining`: ownership may end; what runs may finish and be committed.
 * - `suspended`: nothing runs and all that is done was sent to be committed; the coming assignment says whether it goes on.
 * - `retired`: the epoch is over; whatever comes back from it is dropped and counted.
 */
export type PartitionPhase = 'active' | 'halted' | 'draining' | 'suspended' | 'retired'

const PHASE_TRANSITIONS: Readonly<Record<PartitionPhase, readonly PartitionPhase[]>> = {
  active: ['halted', 'draining', 'retired'],
  halted: ['draining', 'retired'],
  draining: ['suspended', 'retired'],
  suspended: ['active', 'halted', 'draining', 'retired'],
  retired: [],
}

/** An offset that is not settled, and its age in milliseconds. */
export interface OldestOpen {
  readonly offset: number
  readonly ageMs: number
}

/** How a partition begins. */
export interface PartitionBeginning {
  /** Whether its handler takes batches. */
  readonly batch: boolean
  /** How long its records wait, from their time stamps on. */
  readonly delayMs: number
  readonly doneAhead: DoneAhead
  readonly handlerTime: HandlerTime
}

/** All that is known of one partition under one epoch. */
export class PartitionState implements TopicPartition {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  readonly ledger: Ledger
  readonly queue: PartitionQueue
  /** What a record of its topic takes. */
  readonly handlerTime: HandlerTime
  /** What waits for its transaction. */
  readonly outputs: PendingOutputs = new PendingOutputs()
  /** The last offset that the broker acknowledged; −1 where the group has none. */
  committed: number
  highWatermark: number | undefined
  /** Attempts in slots, and poll batches that wait for their commit. */
  running = 0
  haltedBy: HoldfastError | undefined
  /** Records were handed over that it could not take: the driver's position is past them. */
  missesRecords = false
  /** What its records wait for, since it was not there for the last of them that asked. */
  waitsFor: Unavailable | undefined
  /** Records that were not run because an earlier owner had done them; of ranges that it had quarantined, offsets. */
  skippedDoneAhead = 0
  readonly #arrivals = new Arrivals()
  readonly #admissions = new Arrivals()
  #phase: PartitionPhase = 'active'
  #acknowledgedSettled = 0
  #agesFromMs = Number.NEGATIVE_INFINITY

  constructor(
    partition: AssignedPartition,
    epoch: number,
    { batch, delayMs, doneAhead, handlerTime }: PartitionBeginning,
  ) {
    this.topic = partition.topic
    this.partition = partition.partition
    this.epoch = epoch
    this.committed = partition.committed
    this.ledger = new Ledger(partition.position, doneAhead)
    this.queue = new PartitionQueue(partition, batch, delayMs)
    this.handlerTime = handlerTime
  }

  /** What names it in events. */
  get name(): TopicPartition & { readonly epoch: number } {
    const { topic, partition, epoch } = this
    return { topic, partition, epoch }
  }

  get phase(): PartitionPhase {
    return this.#phase
  }

  /** Moves to another phase; false where the table does not allow it. */
  enter(phase: PartitionPhase): boolean {
    if (!PHASE_TRANSITIONS[this.#phase].includes(phase)) return false
    this.#phase = phase
    return true
  }

  /** Records up to `nextOffset` were fetched. */
  noteArrival(nextOffset: number, nowMs: number): void {
    this.#arrivals.note(nextOffset, nowMs, this.ledger.committable)
  }

  /** Records below `endOffset` were admitted. */
  noteAdmission(endOffset: number, nowMs: number): void {
    this.#admissions.note(endOffset, nowMs, this.ledger.committable)
  }

  /** What was admitted had to wait until now for reasons of its own: its deadline begins anew. */
  restartAges(nowMs: number): void {
    this.#agesFromMs = nowMs
  }

  /** The lowest open offset that was admitted with a deadline, and for how long it has been. */
  oldestAdmitted(nowMs: number): OldestOpen | undefined {
    const { open, committable: offset } = this.ledger
    const atMs = open === 0 ? undefined : this.#admissions.of(offset)
    return atMs === undefined ? undefined : { offset, ageMs: nowMs - Math.max(atMs, this.#agesFromMs) }
  }

  /** How long the oldest of what is admitted has been, without pauses between attempts: they are not what it takes. */
  admittedAgeMs(nowMs: number): number {
    const oldestMs = this.oldestAdmitted(nowMs)?.ageMs ?? 0
    if (!this.queue.hasPaused) return oldestMs
    let ageMs = 0
    for (const lane of this.queue.busyLanes) {
      const atMs = lane.head && this.#admissions.of(lane.head.offset)
      if (atMs === undefined) continue
      ageMs = Math.max(ageMs, nowMs - Math.max(atMs, this.#agesFromMs, lane.agesFromMs) - lane.pausedMs(nowMs))
    }
    return Math.min(oldestMs, ageMs)
  }

  /** The offset that holds the commits back, and how long ago it was fetched. */
  oldestOpen(nowMs: number): OldestOpen | undefined {
    const { open, committable: offset } = this.ledger
    return open === 0 ? undefined : { offset, ageMs: nowMs - (this.#arrivals.of(offset) ?? nowMs) }
  }

  /** Whether the broker lacks something: a higher offset, what was done past it, or what followed from that. */
  get hasNew(): boolean {
    const { committable, start, settled, aheadRanges } = this.ledger
    if (committable > Math.max(start, this.committed) || this.outputs.count > 0) return true
    return settled > this.#acknowledgedSettled && aheadRanges > 0
  }

  /** As `hasNew`, of what could be committed at an earlier instant. */
  lacks({ offset, metadata, settled }: Progress): boolean {
    if (offset > Math.max(this.ledger.start, this.committed)) return true
    return settled > this.#acknowledgedSettled && metadata !== ''
  }

  /** What may be committed now. */
  get progress(): Progress {
    const { committable: offset, settled } = this.ledger
    const { text, isComplete } = encodeDoneAhead(offset, this.ledger.doneAhead(MAX_RANGES))
    return { offset, metadata: text, isComplete: isComplete && this.ledger.aheadRanges <= MAX_RANGES, settled }
  }

  /** The broker has stored it. */
  acknowledge({ offset, settled }: Progress): void {
    this.committed = offset
    this.#acknowledgedSettled = settled
  }
}
