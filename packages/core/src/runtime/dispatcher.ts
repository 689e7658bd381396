import { setImmediate as onLoopTurn } from 'node:timers'
import { setImmediate } from 'node:timers/promises'
import PQueue from 'p-queue'
import type { Outcome } from '../model/outcome.ts'
import { AttemptContext, type AttemptScope } from '../pipeline/attempt-context.ts'
import type { BoundHandler } from '../pipeline/handlers.ts'
import { type LaneSet, takeBatch } from '../schedule/lane.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { AttemptMeter } from '../state/attempt-meter.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'
import type { Slots } from '../state/slots.ts'

/** How long a slot goes on with a lane before the next one has its turn, unless the lane outweighs the others. */
const STRETCH_MS = 10
/** Handlers that never wait would keep timers and sockets from running; so long at most. */
const MAX_LOOP_HOLD_MS = 20

export interface DispatcherLimits {
  readonly maxBatchRecords: number
  readonly rateLimit?: { readonly records: number; readonly intervalMs: number } | undefined
}

export interface DispatcherPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly slots: Slots
  readonly scope: AttemptScope
  handlerOf(topic: string): BoundHandler
  /** Carries out what an attempt led to. */
  apply(outcome: Outcome, context: AttemptContext, state: PartitionState): void
  /** A slot let go of its lanes; `isDue`: there is something to decide before it takes the next. */
  lanesEnded(isDue: boolean): void
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
  /** Told of every attempt that ends, where somebody measures. */
  meter: AttemptMeter | undefined
  readonly #ports: DispatcherPorts
  readonly #queue: PQueue
  readonly #maxBatchRecords: number
  /** With a rate limit every record is a turn of its own: p-queue counts turns. */
  readonly #isRateLimited: boolean
  #heldSinceMs: number
  #isLoopWatched = false

  constructor({ maxBatchRecords, rateLimit }: DispatcherLimits, ports: DispatcherPorts) {
    this.#ports = ports
    this.#maxBatchRecords = maxBatchRecords
    this.#isRateLimited = rateLimit !== undefined
    this.#queue = new PQueue(
      rateLimit === undefined ? {} : { intervalCap: rateLimit.records, interval: rateLimit.intervalMs },
    )
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

  /** A slot's turn: lanes one after another while any is ready, so that many of them share its cost. */
  async #turn(): Promise<void> {
    const { scheduler, scope } = this.#ports
    let nowMs = scope.now()
    let lanes = scheduler.takeReady()
    while (lanes !== undefined) {
      nowMs = await this.#runLanes(lanes, nowMs)
      const isKept = this.#mayGoOn() && scheduler.outweighs(lanes[0], this.#queue.concurrency)
      this.#ports.lanesEnded(isKept ? scheduler.progressed(lanes[0].queue) : scheduler.release(lanes))
      if (this.#holdsLoop(nowMs)) {
        await setImmediate()
        nowMs = scope.now()
      }
      if (isKept) continue
      lanes = this.#mayGoOn() ? scheduler.takeReady() : undefined
    }
  }

  /** False where slots were taken away, or where every record has to ask p-queue. */
  #mayGoOn(): boolean {
    return !this.#isRateLimited && this.#queue.pending <= this.#queue.concurrency
  }

  /** One batch of a batch handler, or the records of one lane for a stretch; answers when it ended. */
  async #runLanes(lanes: LaneSet, startMs: number): Promise<number> {
    const [lane] = lanes
    const { partitions, slots, scope } = this.#ports
    const state = partitions.ofQueue(lane.queue)
    if (state === undefined) return startMs
    const handler = this.#ports.handlerOf(state.topic)
    const slot = slots.open(state)
    let nowMs = startMs
    const endMs = this.#isRateLimited ? nowMs : nowMs + STRETCH_MS
    try {
      while (lane.mayRun) {
        const delivery = handler.batch ? takeBatch(lanes, this.#maxBatchRecords) : lane.takeOne()
        if (delivery === undefined) return nowMs
        const context = new AttemptContext(scope, delivery, handler.name, state.epoch, nowMs)
        slot.current = context
        const result = handler.run(context)
        const outcome = result instanceof Promise ? await result : result
        context.close()
        this.#ports.apply(outcome, context, state)
        nowMs = scope.now()
        this.meter?.note(outcome, nowMs - context.startedMs)
        if (handler.batch || nowMs >= endMs) return nowMs
      }
      return nowMs
    } finally {
      slots.close(slot)
    }
  }

  /** Whether handlers that never wait have kept sockets and timers from running for too long. */
  #holdsLoop(nowMs: number): boolean {
    if (!this.#isLoopWatched) {
      this.#isLoopWatched = true
      onLoopTurn(() => {
        this.#isLoopWatched = false
        this.#heldSinceMs = this.#ports.scope.now()
      })
    }
    return nowMs - this.#heldSinceMs >= MAX_LOOP_HOLD_MS
  }
}
