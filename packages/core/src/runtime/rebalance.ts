import type { AbortReason } from '../model/outcome.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { AttemptEvent, DrainCause, Events } from '../ports/events.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'
import type { Slot, Slots } from '../state/slots.ts'

/** After their signals abort, handlers have so long to come back before their records are given up. */
const ABORT_GRACE_MS = 250
/** The last commit of an epoch may take so long; without an answer its records are delivered again. */
const FINAL_COMMIT_MS = 5_000

export interface RebalancePorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly slots: Slots
  readonly events: Events
  readonly clock: Clock
  /** Admitted records were committed before they ran, so they must run. */
  readonly keepAdmitted: boolean
  flush(states: readonly PartitionState[]): Promise<void>
  retired(state: PartitionState): void
}

/** Why a drain is made, and whether what it drains may go on after it. */
interface DrainOrder {
  readonly cause: DrainCause
  readonly budgetMs: number
  readonly mayReturn: boolean
}

/** A drain under way. */
interface Drain {
  readonly states: ReadonlySet<PartitionState>
  ended: Promise<readonly AttemptEvent[]>
  /** While it waits for handlers: until when, and how to end the wait. */
  wait: { readonly end: () => void; endMs: number; timer: Timer | undefined } | undefined
}

/**
 * Ends epochs, or halts them until an assignment says whether they go on. A drain stops admitting, starts nothing more,
 * waits for what runs, and commits. Then the epochs are retired; or suspended where partitions may come back, all that
 * they hold kept. A loss retires them at once.
 */
export class Rebalance {
  readonly #ports: RebalancePorts
  readonly #drains = new Set<Drain>()

  constructor(ports: RebalancePorts) {
    this.#ports = ports
  }

  /** Drains all partitions until the next assignment. Those whose handlers do not end in time are retired. */
  async suspend(budgetMs: number): Promise<void> {
    await this.#drain([...this.#ports.partitions], { cause: 'rebalance', budgetMs, mayReturn: true })
  }

  /**
   * Drains and retires partitions, and waits for the drains under way as well, none of them longer than this budget.
   * Answers the attempts that did not end in time; their records stay uncommitted.
   */
  async drain(
    cause: DrainCause,
    budgetMs: number,
    states: readonly PartitionState[] = [...this.#ports.partitions],
  ): Promise<readonly AttemptEvent[]> {
    const order: DrainOrder = { cause, budgetMs, mayReturn: false }
    const abandoned = await this.#drain(states, order)
    const suspended = states.filter(({ phase }) => phase === 'suspended')
    return suspended.length === 0 ? abandoned : [...abandoned, ...(await this.#drain(suspended, order))]
  }

  /** Drains that are under way wait no longer than this from now on. */
  shorten(budgetMs: number): void {
    const endMs = this.#ports.clock.now() + budgetMs
    for (const drain of this.#drains) if (drain.wait !== undefined && endMs < drain.wait.endMs) this.#arm(drain, endMs)
  }

  /** What was suspended goes on, with all that it holds. */
  restore(states: readonly PartitionState[]): void {
    for (const state of states) {
      if (state.phase !== 'suspended') continue
      state.enter(state.haltedBy === undefined ? 'active' : 'halted')
      this.#ports.scheduler.unhold(state.queue, 'draining')
      this.#ports.scheduler.resume(state.queue)
    }
  }

  /** What was suspended has gone to other members. */
  release(states: readonly PartitionState[]): void {
    for (const state of states) this.#retire(state)
    if (states.length > 0) this.#ports.events.emit('group:revoked', { partitions: namesOf(states) })
  }

  /** Ownership is gone: signals abort, and nothing that comes back counts. It is told where there is a reason to tell. */
  lose(lost: Iterable<PartitionState>, reason?: string): void {
    const states = new Set(lost)
    this.#abort(states, 'lost')
    for (const state of states) this.#retire(state)
    this.notice()
    if (states.size === 0 || reason === undefined) return
    this.#ports.events.emit('group:lost', { reason, partitions: namesOf(states) })
  }

  /** A slot or a poll batch came to its end. */
  notice(): void {
    for (const drain of this.#drains) if (this.#isQuiet(drain.states)) drain.wait?.end()
  }

  async #drain(states: readonly PartitionState[], order: DrainOrder): Promise<readonly AttemptEvent[]> {
    this.shorten(order.budgetMs)
    const underWay = new Set([...this.#drains].flatMap((drain) => [...drain.states]))
    const fresh = states.filter((state) => !underWay.has(state) && state.phase !== 'retired')
    const isNeeded = order.mayReturn
      ? fresh.some(({ phase }) => phase !== 'suspended')
      : fresh.length > 0 || this.#drains.size === 0
    if (isNeeded) this.#begin(new Set(fresh), order)
    const abandoned = await Promise.all([...this.#drains].map(({ ended }) => ended))
    return abandoned.flat()
  }

  #begin(states: ReadonlySet<PartitionState>, order: DrainOrder): void {
    const drain: Drain = { states, ended: Promise.resolve([]), wait: undefined }
    this.#drains.add(drain)
    drain.ended = this.#run(drain, order).finally(() => this.#drains.delete(drain))
  }

  async #run(drain: Drain, { cause, budgetMs, mayReturn }: DrainOrder): Promise<readonly AttemptEvent[]> {
    const { slots, events, clock } = this.#ports
    const { states } = drain
    const startedMs = clock.now()
    for (const state of states) this.#stopStarting(state, mayReturn)
    const reason = cause === 'shutdown' ? 'shutdown' : 'revoked'
    if (!this.#ports.keepAdmitted)
      for (const { current } of slots.of(states)) current?.callOff(mayReturn ? 'suspended' : reason)
    await this.#untilQuiet(drain, budgetMs)
    const late = new Set([...states].filter((state) => !this.#isQuiet([state])))
    if (late.size > 0) {
      const nowMs = clock.now()
      const attempts = slots
        .of(late)
        .flatMap(({ current }) =>
          current === undefined ? [] : [{ ...current.event, ageMs: nowMs - current.startedMs }],
        )
      events.emit('drain:overrun', { cause, attempts })
      this.#abort(late, reason)
      await this.#untilQuiet(drain, ABORT_GRACE_MS)
    }
    const abandoned = slots.of(states).flatMap(attemptOf)
    await this.#within(FINAL_COMMIT_MS, this.#ports.flush([...states]))
    events.emit('drain:ended', { cause, partitions: namesOf(states), durationMs: clock.now() - startedMs, abandoned })
    const kept = new Set(mayReturn ? [...states].filter((state) => !late.has(state)) : [])
    for (const state of kept) state.enter('suspended')
    this.release([...states].filter((state) => !kept.has(state) && state.phase !== 'retired'))
    return abandoned
  }

  #stopStarting(state: PartitionState, mayReturn: boolean): void {
    const { scheduler, keepAdmitted } = this.#ports
    state.enter('draining')
    scheduler.hold(state.queue, 'draining')
    if (!mayReturn) state.queue.close(keepAdmitted)
    else if (!keepAdmitted) scheduler.suspend(state.queue)
  }

  #untilQuiet(drain: Drain, budgetMs: number): Promise<void> {
    if (this.#isQuiet(drain.states)) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        drain.wait?.timer?.clear()
        drain.wait = undefined
        resolve()
      }
      drain.wait = { end, endMs: Number.POSITIVE_INFINITY, timer: undefined }
      this.#arm(drain, this.#ports.clock.now() + budgetMs)
    })
  }

  #arm({ wait }: Drain, endMs: number): void {
    if (wait === undefined) return
    wait.timer?.clear()
    wait.endMs = endMs
    wait.timer = this.#ports.clock.setTimer(wait.end, endMs - this.#ports.clock.now())
  }

  async #within(limitMs: number, work: Promise<void>): Promise<void> {
    const limit = Promise.withResolvers<void>()
    const timer = this.#ports.clock.setTimer(limit.resolve, limitMs)
    await Promise.race([work, limit.promise])
    timer.clear()
  }

  #isQuiet(states: Iterable<PartitionState>): boolean {
    return [...states].every((state) => {
      if (state.phase === 'retired') return true
      if (state.running > 0) return false
      return !this.#ports.keepAdmitted || state.queue.isStopped || state.queue.admitted === 0
    })
  }

  #abort(states: ReadonlySet<PartitionState>, reason: AbortReason): void {
    for (const { current } of this.#ports.slots.of(states)) current?.abort(reason)
  }

  #retire(state: PartitionState): void {
    state.enter('retired')
    this.#ports.scheduler.remove(state.queue)
    this.#ports.partitions.remove(state)
    this.#ports.retired(state)
  }
}

function attemptOf({ current }: Slot): AttemptEvent[] {
  return current === undefined ? [] : [current.event]
}

function namesOf(states: Iterable<PartitionState>): { topic: string; partition: number }[] {
  return [...states].map(({ topic, partition }) => ({ topic, partition }))
}
