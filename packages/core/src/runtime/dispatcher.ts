import { setImmediate } from 'node:timers/promises'
import PQueue from 'p-queue'
import type { Outcome } from '../model/outcome.ts'
import { AttemptContext, type AttemptScope } from '../pipeline/attempt-context.ts'
import type { BoundHandler } from '../pipeline/handlers.ts'
import type { AttemptEvent, Events } from '../ports/events.ts'
import type { Delivery, Lane } from '../schedule/lane.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'
import type { Slot, Slots } from '../state/slots.ts'

/** How long a slot goes on with lanes before p-queue gives the next one its turn. */
const TURN_MS = 10
/** Handlers that never wait would keep timers and sockets from running; so long at most. */
const MAX_LOOP_HOLD_MS = 20

export interface DispatcherLimits {
  readonly concurrency: number
  readonly rateLimit?: { readonly records: number; readonly intervalMs: number } | undefined
}

export interface DispatcherPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly slots: Slots
  readonly events: Events
  readonly scope: AttemptScope
  handlerOf(topic: string): BoundHandler
  /** Records of the partition were settled. */
  settled(state: PartitionState, count: number): void
  /** A slot let go of a lane; `isDue`: there is something to decide before it takes the next. */
  laneEnded(isDue: boolean): void
  /** A slot is free. */
  slotFreed(): void
  /** Holdfast broke one of its own rules; the consumer must not go on. */
  broken(error: unknown): void
}

/**
 * Runs ready lanes in slots. p-queue holds the slots and the rate limit; a slot drains the lane whose turn it is, then the
 * next, until its own turn is over, so that the cost of a turn is not paid per record.
 */
export class Dispatcher {
  readonly #ports: DispatcherPorts
  readonly #queue: PQueue
  /** With a rate limit every record is a turn of its own: p-queue counts turns. */
  readonly #turnMs: number
  #heldSinceMs: number

  constructor({ concurrency, rateLimit }: DispatcherLimits, ports: DispatcherPorts) {
    this.#ports = ports
    this.#turnMs = rateLimit === undefined ? TURN_MS : 0
    this.#queue = new PQueue({
      concurrency,
      ...(rateLimit === undefined ? {} : { intervalCap: rateLimit.records, interval: rateLimit.intervalMs }),
    })
    this.#queue.addEventListener('next', () => ports.slotFreed())
    this.#heldSinceMs = ports.scope.now()
  }

  get concurrency(): number {
    return this.#queue.concurrency
  }

  set concurrency(slots: number) {
    this.#queue.concurrency = slots
  }

  /** Puts free slots to work. */
  fill(): void {
    const free = this.#queue.concurrency - this.#queue.pending - this.#queue.size
    const wanted = Math.min(free, this.#ports.scheduler.readyLanes)
    for (let started = 0; started < wanted; started += 1) {
      this.#queue.add(() => this.#turn()).catch(this.#ports.broken)
    }
  }

  /** A slot's turn: lanes one after another until its time is up, so that many short lanes share the cost of a turn. */
  async #turn(): Promise<void> {
    const { scheduler, scope } = this.#ports
    const endMs = scope.now() + this.#turnMs
    let lane = scheduler.takeReady()
    while (lane !== undefined) {
      await this.#runLane(lane, endMs)
      this.#ports.laneEnded(scheduler.release(lane))
      lane = scope.now() < endMs ? scheduler.takeReady() : undefined
    }
    await this.#letOthersRun()
  }

  async #runLane(lane: Lane, endMs: number): Promise<void> {
    const { partitions, slots, scope } = this.#ports
    const state = partitions.ofQueue(lane.queue)
    if (state === undefined) return
    const handler = this.#ports.handlerOf(state.topic)
    const slot = slots.open(state, handler.name)
    try {
      for (let nowMs = scope.now(); lane.state === 'running'; ) {
        const delivery = lane.peek()
        if (delivery === undefined) return
        const context = new AttemptContext(scope, delivery, state.epoch, nowMs)
        slot.current = context
        const outcome = handler.run(context)
        this.#apply(outcome instanceof Promise ? await outcome : outcome, context, slot)
        nowMs = scope.now()
        if (nowMs >= endMs) return
      }
    } finally {
      slots.close(slot)
    }
  }

  #apply(outcome: Outcome, context: AttemptContext, slot: Slot): void {
    const { events, scheduler } = this.#ports
    const { delivery } = context
    if (slot.state.phase === 'retired') return events.emit('attempt:stale', describe(context, slot))
    switch (outcome.type) {
      case 'done':
        return this.#settle(delivery, delivery.records.length, context, slot)
      case 'partial':
        return this.#settle(delivery, outcome.count, context, slot)
      case 'retry': {
        const retryInMs = outcome.atMs - this.#ports.scope.now()
        scheduler.park(delivery.lane, outcome.atMs)
        return events.emit('attempt:failed', { ...describe(context, slot), error: outcome.error, retryInMs })
      }
      case 'halt':
        return this.#halt(outcome, context, slot)
      case 'aborted':
        delivery.lane.stop()
    }
  }

  #settle(delivery: Delivery, count: number, context: AttemptContext, slot: Slot): void {
    const { events } = this.#ports
    const records = count === delivery.records.length ? delivery.records : delivery.records.slice(0, count)
    const { ledger, queue } = slot.state
    for (const { offset } of records) ledger.settle(offset)
    queue.finish(records)
    delivery.lane.finish(count)
    this.#ports.settled(slot.state, count)
    if (!events.hasListeners('record:settled')) return
    for (const { offset } of records) events.emit('record:settled', { ...describe(context, slot), offset })
  }

  #halt(outcome: Extract<Outcome, { type: 'halt' }>, context: AttemptContext, slot: Slot): void {
    const { state } = slot
    state.haltedBy = outcome.error
    state.enter('halted')
    this.#ports.scheduler.halt(state.queue)
    const event = describe(context, slot)
    const cause = outcome.error.code === 'HF_HANDLER_FAILED' ? outcome.error.cause : outcome.error
    this.#ports.events.emit('attempt:failed', { ...event, error: cause, retryInMs: undefined })
    this.#ports.events.emit('partition:halted', { ...event, error: outcome.error })
  }

  async #letOthersRun(): Promise<void> {
    if (this.#ports.scope.now() - this.#heldSinceMs < MAX_LOOP_HOLD_MS) return
    await setImmediate()
    this.#heldSinceMs = this.#ports.scope.now()
  }
}

function describe({ first, attempt, epoch }: AttemptContext, { handler }: Slot): AttemptEvent {
  const { topic, partition, offset } = first
  return { topic, partition, offset, epoch, attempt, handler }
}
