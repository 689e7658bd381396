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

/** A slot keeps its lane for so long, then lets another have its turn. */
const STRETCH_MS = 10
/** Handlers that never wait would keep timers and sockets from running; so long at most. */
const MAX_LOOP_HOLD_MS = 20

export interface DispatcherPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly slots: Slots
  readonly events: Events
  readonly scope: AttemptScope
  handlerOf(topic: string): BoundHandler
  /** Records of the partition were settled. */
  settled(state: PartitionState, count: number): void
  /** A slot came back: there may be something to decide. */
  slotFreed(): void
  /** Holdfast broke one of its own rules; the consumer must not go on. */
  broken(error: unknown): void
}

/**
 * Runs ready lanes in slots. p-queue holds the slots; a slot takes the lane whose turn it is and drains it for a
 * stretch, so that the cost of a turn is paid per stretch and not per record.
 */
export class Dispatcher {
  readonly #ports: DispatcherPorts
  readonly #queue: PQueue
  #heldSinceMs: number

  constructor(concurrency: number, ports: DispatcherPorts) {
    this.#ports = ports
    this.#queue = new PQueue({ concurrency })
    this.#queue.addEventListener('next', () => ports.slotFreed())
    this.#heldSinceMs = ports.scope.now()
  }

  get concurrency(): number {
    return this.#queue.concurrency
  }

  /** Puts free slots to work. */
  fill(): void {
    const free = this.#queue.concurrency - this.#queue.pending - this.#queue.size
    const wanted = Math.min(free, this.#ports.scheduler.readyLanes)
    for (let started = 0; started < wanted; started += 1) {
      this.#queue.add(() => this.#turn()).catch(this.#ports.broken)
    }
  }

  async #turn(): Promise<void> {
    const { scheduler, partitions, slots } = this.#ports
    const lane = scheduler.takeReady()
    const state = lane && partitions.ofQueue(lane.queue)
    if (lane === undefined || state === undefined) return
    const handler = this.#ports.handlerOf(state.topic)
    const slot = slots.open(state, handler.name)
    try {
      await this.#stretch(lane, slot, handler)
    } finally {
      slots.close(slot)
      scheduler.release(lane)
    }
    await this.#letOthersRun()
  }

  async #stretch(lane: Lane, slot: Slot, handler: BoundHandler): Promise<void> {
    const { scope } = this.#ports
    let nowMs = scope.now()
    const endMs = nowMs + STRETCH_MS
    while (lane.state === 'running' && nowMs < endMs) {
      const delivery = lane.peek()
      if (delivery === undefined) return
      const context = new AttemptContext(scope, delivery, slot.state.epoch, nowMs)
      slot.current = context
      const outcome = handler.run(context)
      this.#apply(outcome instanceof Promise ? await outcome : outcome, context, slot)
      nowMs = scope.now()
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
