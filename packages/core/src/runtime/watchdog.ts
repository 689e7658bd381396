import type { AttemptContext } from '../pipeline/attempt-context.ts'
import {
  attemptRungs,
  type DeadlineLimits,
  type DeadlineRung,
  decideHold,
  type PollAge,
  type PollRung,
  pollRungs,
} from '../policy/deadline.ts'
import type { Clock } from '../ports/clock.ts'
import type { Events } from '../ports/events.ts'
import type { Deadlines } from '../state/deadlines.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'
import type { Slot, Slots } from '../state/slots.ts'

export interface WatchdogPorts {
  readonly partitions: Partitions
  readonly slots: Slots
  readonly events: Events
  readonly clock: Clock
  readonly limits: DeadlineLimits
  readonly deadlines: Deadlines
  hold(state: PartitionState): void
  unhold(state: PartitionState): void
  /** An attempt has reached its time-out, and its signal has aborted. */
  timedOut(slot: Slot, attempt: AttemptContext): void
}

/**
 * Looks at ages, of running attempts and of what partitions have admitted: warns; pauses a partition before its deadline,
 * and resumes it well below; aborts attempts at their time-out. What it does is `policy/deadline.ts`.
 */
export class Watchdog {
  readonly #ports: WatchdogPorts
  readonly #climbed = new WeakMap<AttemptContext, Set<DeadlineRung>>()
  readonly #pollClimbed = new WeakMap<PartitionState, Set<PollRung>>()

  constructor(ports: WatchdogPorts) {
    this.#ports = ports
  }

  look(nowMs: number): void {
    const { slots, partitions, limits } = this.#ports
    for (const slot of slots) {
      const { current } = slot
      if (current === undefined || current.isOver) continue
      const ageMs = nowMs - current.startedMs
      for (const rung of attemptRungs(ageMs, limits)) this.#climb(slot, current, rung, ageMs)
    }
    const ages = this.#ports.deadlines.ages(nowMs)
    for (const state of partitions) this.#watch(state, ages(state))
  }

  #climb(slot: Slot, attempt: AttemptContext, rung: DeadlineRung, ageMs: number): void {
    const climbed = this.#climbed.get(attempt) ?? new Set()
    if (climbed.has(rung)) return
    this.#climbed.set(attempt, climbed.add(rung))
    const { handlerTimeoutMs, maxPollIntervalMs } = this.#ports.limits
    const remaining = Math.max(0, 1 - ageMs / handlerTimeoutMs)
    const event = { ...attempt.event, rung, ageMs, handlerTimeoutMs, maxPollIntervalMs, remaining }
    this.#ports.events.emit('attempt:late', event)
    if (rung !== 'abort') return
    attempt.abort('deadline')
    this.#ports.timedOut(slot, attempt)
  }

  #watch(state: PartitionState, age: PollAge): void {
    if (state.phase !== 'active') return
    const isHeld = state.queue.holds.has('watchdog')
    const isToHold = decideHold(age, isHeld)
    const rungs = pollRungs(age)
    for (const rung of rungs) this.#tell(state, rung, age)
    if (!isToHold && rungs.length === 0) this.#pollClimbed.delete(state)
    if (isToHold && !isHeld) this.#ports.hold(state)
    if (isHeld && !isToHold) this.#ports.unhold(state)
  }

  #tell(state: PartitionState, rung: PollRung, { used, foreseen }: PollAge): void {
    const climbed = this.#pollClimbed.get(state) ?? new Set()
    if (climbed.has(rung)) return
    this.#pollClimbed.set(state, climbed.add(rung))
    const { maxPollIntervalMs } = this.#ports.limits
    this.#ports.events.emit('poll:late', {
      ...state.name,
      offset: state.ledger.committable,
      rung,
      ageMs: used * maxPollIntervalMs,
      foreseenMs: foreseen * maxPollIntervalMs,
      maxPollIntervalMs,
      remaining: Math.max(0, 1 - used),
      admitted: state.queue.admitted,
    })
  }
}
