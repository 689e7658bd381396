import { setImmediate as onLoopTurn } from 'node:timers'
import { setImmediate } from 'node:timers/promises'
import PQueue from 'p-queue'
import type { Outcome } from '../model/outcome.ts'
import { AttemptContext, type AttemptScope } from '../pipeline/attempt-context.ts'
import type { BoundHandler } from '../pipeline/handlers.ts'
import type { AttemptsAhead } from '../policy/attempts-ahead.ts'
import { isUnhandled } from '../policy/failure.ts'
import { type LaneSet, takeBatch } from '../schedule/lane.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { AttemptMeter } from '../state/attempt-meter.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'
import type { Slot, Slots } from '../state/slots.ts'

/** How long a slot goes on with a lane before the next one has its turn, unless the lane outweighs the others. */
const STRETCH_MS = 10
/** Handlers that never wait would keep timers and sockets from running; so long at most. */
const MAX_LOOP_HOLD_MS = 20
/** Fewer attempts are under way when so much of their number would do: turns end then, which cost more than some too many. */
const SHRUNK_AT = 0.5

export interface DispatcherLimits {
  readonly maxBatchRecords?: number | undefined
  readonly rateLimit?: { readonly records: number; readonly intervalMs: number } | undefined
}

export interface DispatcherGate {
  limit: number
  readonly ahead: AttemptsAhead
  /** The handler of this attempt is not waited for. */
  giveUp(attempt: AttemptContext): void
}

export interface DispatcherPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly slots: Slots
  readonly scope: AttemptScope
  /** An attempt of this length may have blocked the event loop. */
  readonly longMs: number
  /** Where attempts lend their slots: holds handlers back, so that no more than `limit` run at once. */
  readonly gate: DispatcherGate | undefined
  handlerOf(topic: string): BoundHandler
  /** What follows without a call of the handler, where records wait to be written to another topic. */
  waitingOutcome(context: AttemptContext, state: PartitionState): Outcome | undefined
  /** Writes what goes to another topic; answers what follows then. */
  forward(outcome: Outcome, context: AttemptContext, state: PartitionState): Promise<Outcome>
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
  readonly #replaced = new Set<Slot>()
  #slots = 1
  /** So many attempts may be under way beside those in slots. */
  #ahead = 0
  #heldSinceMs: number
  #isLoopWatched = false
  #isStopped = false

  constructor({ maxBatchRecords = Number.POSITIVE_INFINITY, rateLimit }: DispatcherLimits, ports: DispatcherPorts) {
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
    return this.#slots
  }

  set concurrency(slots: number) {
    this.#slots = slots
    this.#resize()
  }

  /** The handler in this slot is not waited for: another slot takes its place until it comes back. */
  replace(slot: Slot): void {
    this.#replaced.add(slot)
    if (slot.current !== undefined) this.#ports.gate?.giveUp(slot.current)
    this.#resize()
  }

  /** Nothing is left to begin: turns that wait for the rate limit would keep the process for its intervals. */
  stop(): void {
    this.#isStopped = true
    this.#queue.clear()
  }

  /** Puts free slots to work. */
  fill(): void {
    const { concurrency, pending, size } = this.#queue
    // Turns that wait for the rate limit have lanes to take as well: one that finds none has used up a record's share.
    const wanted = Math.min(concurrency - pending, this.#ports.scheduler.readyLanes) - size
    for (let started = 0; started < wanted; started += 1) {
      this.#queue
        .add(() => this.#turn())
        .catch((error: unknown) => {
          // p-queue rejects what it never began.
          if (!this.#isStopped) this.#ports.broken(error)
        })
    }
  }

  /** A slot's turn: lanes one after another while any is ready, so that many of them share its cost. */
  async #turn(): Promise<void> {
    const { scheduler, scope, slots } = this.#ports
    let lanes = scheduler.takeReady()
    if (lanes === undefined) return
    const slot = slots.open(this.#stateOf(lanes))
    let nowMs = scope.now()
    try {
      while (lanes !== undefined) {
        const handler = this.#enter(slot, lanes)
        const endMs = handler.batch || this.#isRateLimited ? nowMs : nowMs + STRETCH_MS
        try {
          // The records of a lane are awaited here: a function of its own would cost a promise for each lane.
          do {
            const context = this.#begin(slot, lanes, handler, nowMs)
            if (context === undefined) break
            const result = this.#ports.waitingOutcome(context, slot.state) ?? handler.run(context)
            let outcome = result instanceof Promise ? await result : result
            nowMs = this.#end(outcome, context, slot.state)
            if (mayLeave(outcome)) outcome = await this.#ports.forward(outcome, context, slot.state)
            this.#ports.apply(outcome, context, slot.state)
          } while (nowMs < endMs)
        } finally {
          this.#leave(slot)
        }
        const isKept = this.#mayGoOn() && scheduler.outweighs(lanes[0], this.#queue.concurrency)
        this.#ports.lanesEnded(isKept ? scheduler.progressed(lanes[0].queue) : scheduler.release(lanes))
        if (this.#holdsLoop(nowMs)) {
          await setImmediate()
          nowMs = scope.now()
        }
        if (isKept && lanes[0].mayRun) continue
        // Its partition has gone, or was suspended, while the loop had its turn.
        if (isKept) this.#ports.lanesEnded(scheduler.release(lanes))
        lanes = this.#mayGoOn() ? scheduler.takeReady() : undefined
      }
    } finally {
      slots.close(slot)
    }
  }

  /** A lane that is taken is one of a partition that is here: those of others are stopped. */
  #stateOf([{ queue }]: LaneSet): PartitionState {
    return this.#ports.partitions.ofQueue(queue) as PartitionState
  }

  #enter(slot: Slot, lanes: LaneSet): BoundHandler {
    const state = this.#stateOf(lanes)
    this.#ports.slots.enter(slot, state)
    return this.#ports.handlerOf(state.topic)
  }

  /** The next attempt of the lanes; undefined where they have nothing more to run. */
  #begin(slot: Slot, lanes: LaneSet, handler: BoundHandler, nowMs: number): AttemptContext | undefined {
    const [lane] = lanes
    if (!lane.mayRun) return undefined
    const delivery = handler.batch ? takeBatch(lanes, this.#maxBatchRecords) : lane.takeOne()
    if (delivery === undefined) return undefined
    slot.current = new AttemptContext(this.#ports.scope, delivery, handler.name, slot.state.epoch, nowMs)
    return slot.current
  }

  /** Answers when the attempt ended. */
  #end(outcome: Outcome, context: AttemptContext, state: PartitionState): number {
    const nowMs = this.#ports.scope.now()
    context.close()
    this.#measure(outcome, context, state, nowMs)
    return nowMs
  }

  #leave(slot: Slot): void {
    this.#ports.slots.leave(slot)
    if (this.#replaced.delete(slot)) this.#resize()
  }

  #resize(): void {
    const { gate } = this.#ports
    this.#ahead = gate?.ahead.beside(this.#slots) ?? 0
    if (gate !== undefined) gate.limit = this.#slots
    const concurrency = this.#slots + this.#replaced.size + this.#ahead
    if (this.#queue.concurrency !== concurrency) this.#queue.concurrency = concurrency
  }

  /** False where slots were taken away, or where every record has to ask p-queue. */
  #mayGoOn(): boolean {
    return !this.#isRateLimited && this.#queue.pending <= this.#queue.concurrency
  }

  #measure(outcome: Outcome, context: AttemptContext, state: PartitionState, nowMs: number): void {
    if (outcome.type === 'moved' && outcome.behindSinceMs !== undefined) return
    const durationMs = nowMs - context.startedMs
    // What a slot costs, also where its attempt does not age: more slots than threads bring nothing.
    this.meter?.note(outcome, durationMs + context.threadWaitMs)
    const handled = handledIn(outcome, context.delivery.records.length)
    if (handled > 0) this.#noteTime(durationMs, handled, context, state)
    if (durationMs >= this.#ports.longMs) this.#ports.slots.noteLong(context, nowMs)
  }

  #noteTime(durationMs: number, records: number, { handledMs }: AttemptContext, { handlerTime }: PartitionState): void {
    handlerTime.note(durationMs, records)
    const { gate } = this.#ports
    if (gate === undefined) return
    gate.ahead.note(durationMs - handledMs, handledMs)
    const wanted = gate.ahead.beside(this.#slots)
    if (wanted > this.#ahead || wanted < this.#ahead * SHRUNK_AT) this.#resize()
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

function mayLeave({ type }: Outcome): boolean {
  return type === 'dead' || type === 'moved' || type === 'partial'
}

/** Of how many records an attempt has taken what the handler takes: of none that came to nothing before it was called. */
function handledIn(outcome: Outcome, records: number): number {
  if (outcome.type === 'done') return records
  if (outcome.type !== 'partial') return isUnhandled(outcome) ? 0 : records
  let handled = records
  for (const next of outcome.left.values()) if (isUnhandled(next)) handled -= 1
  return handled
}
