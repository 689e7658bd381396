import type { PauseCause } from '../model/pause-cause.ts'
import type { RecordSource } from '../model/record-source.ts'
import type { Command } from './command.ts'
import { DeferredLanes } from './deferred.ts'
import { FetchGate } from './fetch-gate.ts'
import type { FlowLimits } from './flow.ts'
import type { Lane, LaneSet } from './lane.ts'
import { gatherBatch } from './lane-set.ts'
import { type LimitName, limitsReached } from './limits.ts'
import { type Ordering, partitionOrdering } from './ordering.ts'
import type { AdmissionCount, PartitionQueue, PollBatch, PollLimits } from './partition-queue.ts'
import { ReadyRing } from './ready-ring.ts'

export interface SchedulerLimits extends Omit<PollLimits, 'maxPollRecords'>, FlowLimits {
  /** With `auto` each partition has a limit of its own, set by `resize`; it begins with one record. */
  readonly maxPollRecords: number | 'auto'
  /** How many lanes of one partition may run at once. @default no limit of its own */
  readonly concurrencyPerPartition?: number | undefined
  readonly delivery?: 'at-least-once' | 'at-most-once' | 'exactly-once'
}

/**
 * Says what may start, and which partitions to pause. It is told of events and asked for its decisions; it never acts.
 */
export class Scheduler {
  readonly #limits: PollLimits & FlowLimits
  readonly #perPartition: number
  readonly #isSized: boolean
  readonly #ordering: Ordering
  /** Where a partition runs one batch at a time there is nothing that lanes could run beside it. */
  readonly #batchOrdering: Ordering
  readonly #queues = new Set<PartitionQueue>()
  readonly #looksPast: boolean
  readonly #touched = new Set<PartitionQueue>()
  /** Those in which time alone lets something be admitted. */
  readonly #timed = new Set<PartitionQueue>()
  readonly #gate: FetchGate
  readonly #deferred = new DeferredLanes()
  readonly #ready: ReadyRing

  constructor(limits: SchedulerLimits, ordering: Ordering) {
    const { maxPollRecords, maxBatchRecords = Number.POSITIVE_INFINITY } = limits
    this.#isSized = maxPollRecords === 'auto'
    this.#limits = { ...limits, maxPollRecords: maxPollRecords === 'auto' ? 1 : maxPollRecords }
    this.#perPartition = limits.concurrencyPerPartition ?? Number.POSITIVE_INFINITY
    this.#ordering = ordering
    this.#gate = new FetchGate(limits)
    this.#looksPast = ordering !== partitionOrdering && limits.delivery !== 'at-most-once'
    const isWhole = maxPollRecords === 'auto' ? limits.maxBatchRecords === undefined : maxBatchRecords >= maxPollRecords
    this.#batchOrdering = isWhole ? partitionOrdering : ordering
    this.#ready = new ReadyRing(this.#perPartition)
  }

  /** Lanes that wait for a slot. */
  get readyLanes(): number {
    return this.#ready.size
  }

  /** Whether more slots would have something to do: ready lanes, or records that are not admitted only because they are few. */
  get wantsSlots(): boolean {
    if (this.#ready.size > 0) return true
    if (!this.#isSized) return false
    for (const queue of this.#queues) {
      const ordering = queue.batch ? this.#batchOrdering : this.#ordering
      if (ordering !== partitionOrdering && queue.due > 0 && queue.isFull(this.#limits)) return true
    }
    return false
  }

  /**
   * No lane is ready, though there are records that might be: all that is admitted waits behind what runs. More may be
   * admitted then, or a key with many records would delay the others. With at-most-once what is admitted is committed, so
   * that it stays within its limit.
   */
  get isStarving(): boolean {
    if (!this.#looksPast || this.#ready.waiting > 0) return false
    for (const queue of this.#queues) if (queue.mayAdmit(this.#limits, 'lanes')) return true
    return false
  }

  /** Records that no slot could run now, since they wait for another one of their lane. */
  get waitingByOrder(): number {
    let waiting = 0
    for (const queue of this.#queues) waiting += queue.waitingByOrder
    return this.#ready.waiting === 0 ? waiting : 0
  }

  /** The limits that hold a partition back now. */
  limitsReached(queue: PartitionQueue): LimitName[] {
    const reached = limitsReached(queue, this.#queues.size, this.#limits)
    return this.#ready.isCapped(queue) ? [...reached, 'concurrencyPerPartition'] : reached
  }

  add(queue: PartitionQueue): void {
    if (this.#isSized) queue.pollRecords ??= 1
    this.#queues.add(queue)
    this.#touched.add(queue)
  }

  /** Forgets a partition. Its lanes are stopped; a slot that works on one finds that out when it comes back. */
  remove(queue: PartitionQueue): void {
    queue.close(false)
    this.#queues.delete(queue)
    this.#touched.delete(queue)
    this.#timed.delete(queue)
    this.#gate.remove(queue)
    this.#ready.remove(queue)
  }

  /** Partitions that hold records which may run: those among which the slots are shared. */
  get busyPartitions(): number {
    return [...this.#queues].filter(({ admitted, due }) => admitted + due > 0).length
  }

  /** How many records of a partition can run at once that has a share of the slots, which can be less than one. */
  parallel(queue: PartitionQueue, slots: number): number {
    const share = Math.min(slots, this.#perPartition)
    const ordering = queue.batch ? this.#batchOrdering : this.#ordering
    return ordering === partitionOrdering ? Math.min(1, share) : share
  }

  /** How many records of a partition may be admitted and not settled. */
  pollRecords(queue: PartitionQueue): number {
    return queue.pollRecords ?? this.#limits.maxPollRecords
  }

  /** Gives a partition a limit of its own in place of `maxPollRecords`. */
  resize(queue: PartitionQueue, pollRecords: number): void {
    if (queue.pollRecords === pollRecords) return
    queue.pollRecords = pollRecords
    this.#touch(queue)
  }

  offer(queue: PartitionQueue, records: RecordSource, nowMs: number, wallNowMs?: number): void {
    queue.offer(records, nowMs, wallNowMs)
    this.#touch(queue)
  }

  hold(queue: PartitionQueue, cause: PauseCause): void {
    queue.holds.add(cause)
    this.#touch(queue)
  }

  unhold(queue: PartitionQueue, cause: PauseCause): void {
    queue.holds.delete(cause)
    this.#touch(queue)
  }

  /** The partition runs nothing more, and what it holds is dropped; the offsets stay open in the ledger. */
  halt(queue: PartitionQueue): void {
    queue.close(false)
    this.hold(queue, 'halted')
  }

  /** Lanes keep what they hold and start nothing; what runs may end. */
  suspend(queue: PartitionQueue, cause: PauseCause = 'draining'): void {
    queue.suspend(cause)
    for (const lane of this.#ready.remove(queue)) if (lane.state === 'ready') lane.state = 'idle'
  }

  /** Ends a `suspend`. */
  resume(queue: PartitionQueue, cause: PauseCause = 'draining'): void {
    for (const lane of queue.resume(cause)) this.#enqueue(lane)
    this.#touch(queue)
  }

  /** Lets one record of a partition run that only this cause suspends; answers its lane. */
  probe(queue: PartitionQueue, cause: PauseCause): Lane | undefined {
    const lane = queue.nextProbe(cause)
    if (lane !== undefined) this.#ready.add(Object.assign(lane, { isProbe: true, state: 'ready' }))
    return lane
  }

  /** An admitted poll batch may run. */
  start(pollBatch: PollBatch): void {
    const { queue } = pollBatch
    for (const lane of queue.start(pollBatch, queue.batch ? this.#batchOrdering : this.#ordering)) this.#enqueue(lane)
  }

  /**
   * The lane whose turn it is, for a batch handler with those beside it that fill a batch and are at the same attempt;
   * they are the caller's until `release`.
   */
  takeReady(): LaneSet | undefined {
    for (let lane = this.#ready.take(); lane !== undefined; lane = this.#ready.take()) {
      if (lane.state === 'ready') {
        lane.state = 'running'
        return lane.queue.batch
          ? gatherBatch(lane, this.#ready, this.#limits.maxBatchRecords ?? Number.POSITIVE_INFINITY)
          : lane.alone
      }
      this.#ready.release(lane.queue)
    }
    return undefined
  }

  /**
   * Whether a lane has more than a slot's share of all that is admitted: it ends last, however long the others are, so that
   * it goes on while they take turns. They lose nothing by it: what is left of the slots is at least their share.
   */
  outweighs({ queue, pending, mayRun }: Lane, slots: number): boolean {
    if (!mayRun || queue.batch) return false
    if (pending * Math.min(slots, this.#perPartition) <= queue.admitted) return false
    let admitted = 0
    for (const each of this.#queues) admitted += each.admitted
    return pending * slots > admitted
  }

  /** A slot gives lanes back after a stretch. Answers whether there is something to decide before it takes the next. */
  release(lanes: LaneSet): boolean {
    const [{ queue }] = lanes
    this.#ready.release(queue)
    let isParked = false
    for (const lane of lanes) {
      isParked ||= lane.state === 'parked'
      this.#giveBack(lane)
    }
    return this.progressed(queue) || isParked
  }

  /** Records of a partition were settled. Answers whether there is something to decide. */
  progressed(queue: PartitionQueue): boolean {
    this.#touch(queue)
    return queue.mayAdmit(this.#limits, 'all') || this.#gate.mayResume(queue, this.#queues.size)
  }

  /** What the lane has kept is tried again at `dueMs`; until then it holds no slot. `attempt` is the one that failed. */
  park(lane: Lane, attempt: number, dueMs: number, nowMs?: number): void {
    if (lane.state !== 'running') return
    lane.park(attempt, dueMs, nowMs)
    this.#deferred.add(lane)
  }

  decide(nowMs: number): Command[] {
    this.#wakeDue(nowMs)
    const commands: Command[] = []
    for (const queue of this.#touched) {
      const type = this.#gate.change(queue, this.#queues.size)
      if (type !== undefined) commands.push({ type, queue })
    }
    commands.push(...this.#admissions(nowMs))
    for (const queue of this.#touched) {
      if (queue.nextAdmissionMs(this.#limits) === undefined) this.#timed.delete(queue)
      else this.#timed.add(queue)
    }
    this.#touched.clear()
    const atMs = this.#nextWakeMs()
    if (atMs !== Number.POSITIVE_INFINITY) commands.push({ type: 'wakeAt', atMs })
    return commands
  }

  #admissions(nowMs: number): Command[] {
    const admissions: Command[] = []
    const admit = (queue: PartitionQueue, counts: AdmissionCount): boolean => {
      const pollBatch = queue.admit(this.#limits, counts, nowMs)
      if (pollBatch !== undefined) admissions.push({ type: 'admit', pollBatch })
      return pollBatch !== undefined
    }
    for (const queue of this.#touched) while (admit(queue, 'all'));
    // Which lanes exist is known only when what was admitted is dealt to them: one poll batch at a time.
    if (admissions.length === 0 && this.isStarving) for (const queue of this.#queues) admit(queue, 'lanes')
    return admissions
  }

  #giveBack(lane: Lane): void {
    if (lane.state !== 'running') return
    if (lane.pending > 0) return this.#enqueue(lane)
    lane.state = 'idle'
    lane.queue.forget(lane)
  }

  #wakeDue(nowMs: number): void {
    for (let lane = this.#deferred.takeDue(nowMs); lane; lane = this.#deferred.takeDue(nowMs)) {
      if (lane.state === 'parked') this.#enqueue(lane)
    }
    for (const queue of this.#timed) {
      if ((queue.nextAdmissionMs(this.#limits) ?? 0) <= nowMs) this.#touched.add(queue)
    }
  }

  #nextWakeMs(): number {
    let atMs = this.#deferred.nextDueMs ?? Number.POSITIVE_INFINITY
    for (const queue of this.#timed) atMs = Math.min(atMs, queue.nextAdmissionMs(this.#limits) ?? atMs)
    return atMs
  }

  #touch(queue: PartitionQueue): void {
    if (this.#queues.has(queue)) this.#touched.add(queue)
  }

  #enqueue(lane: Lane): void {
    const { isSuspended } = lane.queue
    lane.state = isSuspended ? 'idle' : 'ready'
    if (!isSuspended) this.#ready.add(lane)
  }
}
