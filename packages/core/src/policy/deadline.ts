/**
 * What is due for an attempt of some age; each rung is climbed once.
 * - `warn`: half of `handlerTimeoutMs` is over.
 * - `pause`: 80 % of `maxPollIntervalMs` are over; its partition takes on nothing more.
 * - `abort`: `handlerTimeoutMs` is over; its signal aborts.
 * - `ignored`: it has not come back since; its lane waits for it.
 */
export type DeadlineRung = 'warn' | 'pause' | 'abort' | 'ignored'

/** What is due for the records of a partition that were admitted together; `overrun`: the interval is over. */
export type PollRung = 'warn' | 'pause' | 'overrun'

/** How often each rung of the ladder of deadlines was climbed. */
export interface LateCounts {
  readonly attempts: Readonly<Record<DeadlineRung, number>>
  readonly polls: Readonly<Record<PollRung, number>>
}

export interface DeadlineLimits {
  readonly handlerTimeoutMs: number
  readonly maxPollIntervalMs: number
}

const WARN = 0.5
const PAUSE = 0.8
/** A pause that was foreseen ends only when what is foreseen is below this, so that it does not come and go. */
const FORESEEN_RELIEF = 0.8
/** How long an aborted handler may take to come back, as a share of its time-out. */
const GRACE = 0.1
const MAX_GRACE_MS = 10_000

/** The rungs that an attempt of this age has reached, lowest first. */
export function attemptRungs(ageMs: number, { handlerTimeoutMs, maxPollIntervalMs }: DeadlineLimits): DeadlineRung[] {
  if (ageMs < handlerTimeoutMs * WARN) return []
  const rungs: DeadlineRung[] = ['warn']
  if (ageMs >= maxPollIntervalMs * PAUSE) rungs.push('pause')
  if (ageMs >= handlerTimeoutMs) rungs.push('abort')
  if (ageMs >= handlerTimeoutMs + Math.min(MAX_GRACE_MS, handlerTimeoutMs * GRACE)) rungs.push('ignored')
  return rungs
}

/** Where a partition stands between the start of its oldest work and `maxPollIntervalMs`, as shares of the interval. */
export interface PollAge {
  readonly used: number
  /** Used by the time at which what waits is expected to be done. */
  readonly foreseen: number
  /** Whether it is one attempt that is so old, which has rungs of its own. */
  readonly isOfAttempt: boolean
}

/** The rungs that a partition has reached, lowest first, without those that an attempt of it has climbed as well. */
export function pollRungs({ used, foreseen, isOfAttempt }: PollAge): PollRung[] {
  const rungs: PollRung[] = []
  if (used >= WARN && !isOfAttempt) rungs.push('warn')
  if (used >= PAUSE ? !isOfAttempt : foreseen >= 1) rungs.push('pause')
  if (used >= 1 && !isOfAttempt) rungs.push('overrun')
  return rungs
}

/** Whether a partition takes on nothing more, lest it run into its deadline; one that is held goes on well below that. */
export function decideHold(age: PollAge, isHeld: boolean): boolean {
  return mustPause(age) || (isHeld && (age.used >= WARN || age.foreseen >= FORESEEN_RELIEF))
}

function mustPause({ used, foreseen }: PollAge): boolean {
  return used >= PAUSE || foreseen >= 1
}
