import type { AbortReason } from '../model/outcome.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { RevokeCause } from '../ports/driver.ts'
import type { AttemptEvent, Events } from '../ports/events.ts'
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
}

/** A drain under way. */
interface Drain {
  readonly states: ReadonlySet<PartitionState>
  ended: Promise<readonly AttemptEvent[]>
  /** While it waits for handlers: until when, and how to end the wait. */
  wait: { readonly end: () => void; endMs: number; timer: Timer | undefined } | undefined
}

/**
 * Ends epochs. A drain stops admitting, drops what has not started, waits for what runs, commits, and retires the
 * epochs; a loss retires them at once.
 */
export class Rebalance {
  readonly #ports: RebalancePorts
  readonly #drains = new Set<Drain>()

  constructor(ports: RebalancePorts) {
    this.#ports = ports
  }

  /**
   * Drains what is not draining yet, and waits for the drains under way as well, none of them longer than this budget.
   * Answers the attempts that did not end in time; their records stay uncommitted.
   */
  async drain(cause: RevokeCause, budgetMs: number): Promise<readonly AttemptEvent[]> {
    this.shorten(budgetMs)
    const states = [...this.#ports.partitions].filter(({ phase }) => phase !== 'draining')
    if (states.length > 0 || this.#drains.size === 0) this.#begin(new Set(states), cause, budgetMs)
    const abandoned = await Promise.all([...this.#drains].map(({ ended }) => ended))
    return abandoned.flat()
  }

  /** Drains that are under way wait no longer than this from now on. */
  shorten(budgetMs: number): void {
    const endMs = this.#ports.clock.now() + budgetMs
    for (const drain of this.#drains) if (drain.wait !== undefined && endMs < drain.wait.endMs) this.#arm(drain, endMs)
  }

  /** Ownership is gone: signals abort, and nothing that comes back counts. */
  lose(lost: Iterable<PartitionState> = this.#ports.partitions): void {
    const states = new Set(lost)
    this.#abort(states, 'lost')
    for (const state of states) this.#retire(state)
    this.notice()
  }

  /** A slot or a poll batch came to its end. */
  notice(): void {
    for (const drain of this.#drains) if (this.#isQuiet(drain)) drain.wait?.end()
  }

  #begin(states: ReadonlySet<PartitionState>, cause: RevokeCause, budgetMs: number): void {
    const drain: Drain = { states, ended: Promise.resolve([]), wait: undefined }
    this.#drains.add(drain)
    drain.ended = this.#run(drain, cause, budgetMs).finally(() => this.#drains.delete(drain))
  }

  async #run(drain: Drain, cause: RevokeCause, budgetMs: number): Promise<readonly AttemptEvent[]> {
    const { scheduler, slots, events, clock } = this.#ports
    const { states } = drain
    const startedMs = clock.now()
    for (const state of states) {
      state.enter('draining')
      scheduler.hold(state.queue, 'draining')
      state.queue.close(this.#ports.keepAdmitted && state.haltedBy === undefined)
    }
    await this.#untilQuiet(drain, budgetMs)
    if (!this.#isQuiet(drain)) {
      this.#abort(states, cause === 'shutdown' ? 'shutdown' : 'revoked')
      await this.#untilQuiet(drain, ABORT_GRACE_MS)
    }
    const abandoned = slots.of(states).flatMap(attemptOf)
    await this.#within(FINAL_COMMIT_MS, this.#ports.flush([...states]))
    for (const state of states) this.#retire(state)
    events.emit('drain:ended', { cause, durationMs: clock.now() - startedMs, abandoned })
    return abandoned
  }

  #untilQuiet(drain: Drain, budgetMs: number): Promise<void> {
    if (this.#isQuiet(drain)) return Promise.resolve()
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

  #isQuiet({ states }: Drain): boolean {
    return [...states].every((state) => {
      if (state.phase === 'retired') return true
      if (state.running > 0) return false
      return !this.#ports.keepAdmitted || state.haltedBy !== undefined || state.queue.admitted === 0
    })
  }

  #abort(states: ReadonlySet<PartitionState>, reason: AbortReason): void {
    for (const slot of this.#ports.slots.of(states)) slot.current?.abort(reason)
  }

  #retire(state: PartitionState): void {
    state.enter('retired')
    this.#ports.scheduler.remove(state.queue)
    this.#ports.partitions.remove(state)
  }
}

function attemptOf({ current }: Slot): AttemptEvent[] {
  return current === undefined ? [] : [current.event]
}
