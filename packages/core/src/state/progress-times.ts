import type { PartitionState } from './partition-state.ts'

/** How a partition stands at the moment of a look. */
export interface ProgressLook {
  readonly nowMs: number
  /** Whether slots are free, or run records of this partition. */
  readonly hasSlot: boolean
  /** Whether a join is under way, during which nothing is fetched. */
  readonly isJoining: boolean
  /** How many fetches of the partition brokers have answered. */
  readonly fetches: number
}

/**
 * Since when a partition makes no progress, found by looking at its counters now and then: settling a record costs nothing
 * for it. What is noticed counts from the look that notices it, so that an age is at most one look too low.
 */
export class ProgressTimes {
  #progressMs: number
  #progress = -1
  #answeredMs: number
  #fetches = -1
  #wasAsked = false

  constructor(nowMs: number) {
    this.#progressMs = nowMs
    this.#answeredMs = nowMs
  }

  look(state: PartitionState, { nowMs, hasSlot, isJoining, fetches }: ProgressLook): void {
    const { ledger, queue, phase } = state
    const progress = ledger.settled + ledger.committable
    // What was admitted has come due, whatever waits behind it.
    const isDue = queue.admitted > 0 || queue.nextDueMs === undefined
    const mayRun = phase === 'active' && !queue.holds.has('user') && !queue.isSuspended && isDue
    const mayProgress = lagOf(state) > 0 && mayRun && hasSlot
    if (progress !== this.#progress || !mayProgress) this.#progressMs = nowMs
    this.#progress = progress
    const isAsked = phase === 'active' && queue.holds.size === 0 && !isJoining
    if (fetches !== this.#fetches || !isAsked || !this.#wasAsked) this.#answeredMs = nowMs
    this.#fetches = fetches
    this.#wasAsked = isAsked
  }

  /** Since then it could have settled records, and has settled none. */
  get progressMs(): number {
    return this.#progressMs
  }

  /** Since then it has been asked for, and no fetch was answered. */
  get answeredMs(): number {
    return this.#answeredMs
  }
}

/** Records between what is settled and the end of the log, as far as that is known. */
export function lagOf({ highWatermark, ledger }: PartitionState): number {
  return Math.max(0, (highWatermark ?? 0) - ledger.committable)
}
