import type { PauseCause } from '../model/pause-cause.ts'
import type { ConsumerRecord } from '../model/record.ts'
import { DeferredLanes } from './deferred.ts'
import { decideFlow, type FlowLimits } from './flow.ts'
import type { Lane } from './lane.ts'
import { type LimitName, limitsReached } from './limits.ts'
import type { Ordering } from './ordering.ts'
import type { PartitionQueue, PollBatch, PollLimits } from './partition-queue.ts'
import { ReadyRing } from './ready-ring.ts'

/** What the runtime is to do now. */
export type Command =
  | { readonly type: 'admit'; readonly pollBatch: PollBatch }
  | { readonly type: 'pause'; readonly queue: PartitionQueue }
  | { readonly type: 'resume'; readonly queue: PartitionQueue }
  | { readonly type: 'wakeAt'; readonly atMs: number }

export interface SchedulerLimits extends PollLimits, FlowLimits {
  /** How many lanes of one partition may run at once. @default no limit of its own */
  readonly concurrencyPerPartition?: number | undefined
}

/**
 * Says what may start, and which partitions to pause. It is told of events and asked for its decisions; it never acts.
 */
export class Scheduler {
  readonly #limits: SchedulerLimits
  readonly #ordering: Ordering
  readonly #queues = new Set<PartitionQueue>()
  readonly #touched = new Set<PartitionQueue>()
  readonly #filling = new Set<PartitionQueue>()
  readonly #fetchPaused = new Set<PartitionQueue>()
  readonly #deferred = new DeferredLanes()
  readonly #ready: ReadyRing

  constructor(limits: SchedulerLimits, ordering: Ordering) {
    this.#limits = limits
    this.#ordering = ordering
    this.#ready = new ReadyRing(limits.concurrencyPerPartition ?? Number.POSITIVE_INFINITY)
  }

  /** Lanes that wait for a slot. */
  get readyLanes(): number {
    return this.#ready.size
  }

  /** Records that no slot could run now, since they wait for another one of their lane. */
  get waitingByOrder(): number {
    let waiting = 0
    for (const queue of this.#queues) waiting += queue.waitingByOrder
    return this.#ready.waiting === 0 ? waiting : 0
  }

  /** The limits that hold a partition back now. */
  limitsReached(queue: PartitionQueue): LimitName[] {
    return limitsReached(queue, this.#queues.size, this.#limits)
  }

  add(queue: PartitionQueue): void {
    this.#queues.add(queue)
    this.#touched.add(queue)
  }

  /** Forgets a partition. Its lanes are stopped; a slot that works on one finds that out when it comes back. */
  remove(queue: PartitionQueue): void {
    queue.close(false)
    this.#queues.delete(queue)
    this.#touched.delete(queue)
    this.#filling.delete(queue)
    this.#fetchPaused.delete(queue)
    this.#ready.remove(queue)
  }

  offer(queue: PartitionQueue, records: readonly ConsumerRecord[], nowMs: number): void {
    queue.offer(records, nowMs)
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

  /** An admitted poll batch may run. */
  start(pollBatch: PollBatch): void {
    for (const lane of pollBatch.queue.start(pollBatch, this.#ordering)) this.#enqueue(lane)
  }

  /** The lane whose turn it is; it is the caller's until `release`. */
  takeReady(): Lane | undefined {
    for (let lane = this.#ready.take(); lane !== undefined; lane = this.#ready.take()) {
      if (lane.state === 'ready') {
        lane.state = 'running'
        return lane
      }
      this.#ready.release(lane.queue)
    }
    return undefined
  }

  /** A slot gives a lane back after a stretch. Answers whether there is something to decide before it takes the next. */
  release(lane: Lane): boolean {
    const { queue } = lane
    this.#ready.release(queue)
    this.#touch(queue)
    if (lane.state === 'running') {
      if (lane.pending > 0) {
        this.#enqueue(lane)
      } else {
        lane.state = 'idle'
        queue.forget(lane)
      }
    }
    return lane.state === 'parked' || queue.mayAdmit(this.#limits) || this.#mayResume(queue)
  }

  /** The lane's head is tried again at `dueMs`; until then it holds no slot. */
  park(lane: Lane, dueMs: number): void {
    if (lane.state !== 'running') return
    lane.park(dueMs)
    this.#deferred.add(lane)
  }

  decide(nowMs: number): Command[] {
    const commands: Command[] = []
    this.#wakeDue(nowMs)
    for (const queue of this.#touched) {
      const flow = this.#flowCommand(queue)
      if (flow !== undefined) commands.push(flow)
      const pollBatch = queue.admit(this.#limits, nowMs)
      if (pollBatch !== undefined) commands.push({ type: 'admit', pollBatch })
      if (queue.fillDeadlineMs(this.#limits) === undefined) this.#filling.delete(queue)
      else this.#filling.add(queue)
    }
    this.#touched.clear()
    const atMs = this.#nextWakeMs()
    if (atMs !== Number.POSITIVE_INFINITY) commands.push({ type: 'wakeAt', atMs })
    return commands
  }

  #wakeDue(nowMs: number): void {
    for (let lane = this.#deferred.takeDue(nowMs); lane; lane = this.#deferred.takeDue(nowMs)) {
      if (lane.state === 'parked') this.#enqueue(lane)
    }
    for (const queue of this.#filling) {
      if ((queue.fillDeadlineMs(this.#limits) ?? 0) <= nowMs) this.#touched.add(queue)
    }
  }

  #nextWakeMs(): number {
    let atMs = this.#deferred.nextDueMs ?? Number.POSITIVE_INFINITY
    for (const queue of this.#filling) atMs = Math.min(atMs, queue.fillDeadlineMs(this.#limits) ?? atMs)
    return atMs
  }

  #mayResume(queue: PartitionQueue): boolean {
    return this.#fetchPaused.has(queue) && decideFlow(queue, this.#queues.size, this.#limits) === 'resume'
  }

  #flowCommand(queue: PartitionQueue): Command | undefined {
    const flow = decideFlow(queue, this.#queues.size, this.#limits)
    if (flow === 'pause') queue.holds.add('backpressure')
    if (flow === 'resume') queue.holds.delete('backpressure')
    const isPaused = this.#fetchPaused.has(queue)
    if (queue.holds.size > 0 && !isPaused) {
      this.#fetchPaused.add(queue)
      return { type: 'pause', queue }
    }
    if (queue.holds.size === 0 && isPaused) {
      this.#fetchPaused.delete(queue)
      return { type: 'resume', queue }
    }
    return undefined
  }

  #touch(queue: PartitionQueue): void {
    if (this.#queues.has(queue)) this.#touched.add(queue)
  }

  #enqueue(lane: Lane): void {
    lane.state = 'ready'
    this.#ready.add(lane)
  }
}
