import { MIN_WINDOW_ATTEMPTS } from './concurrency-window.ts'
import { errorOf, growth, type LatencySums, mergeLatencies, NO_LATENCIES } from './latency-sums.ts'

/** Where the number of slots begins, within its bounds. */
const FIRST_SLOTS = 10
/** A step of the first climb, and after a change of the downstream; later steps are gentle. */
const BRISK_STEP = 2
const GENTLE_STEP = 1.25
/** More slots pay if the latency grew by less than this share of the step, both as logarithms. */
const GROWTH_PAYS_BELOW = 0.65
/** Fewer slots pay if it fell by more than this share. Between the two either number may stay. */
const SHRINKING_PAYS_ABOVE = 0.75
/** A mean is known when its error is below this share of the step that it is to judge, */
const MAX_ERROR = 0.12
/** or from so many attempts. Older ones fade. */
const MAX_EVIDENCE = 1_000
/** A latency that changes by this factor, and by more than chance, is another downstream. */
const SHIFT_FACTOR = 1.5
/** Windows between two trials: doubled by each that does not pay. */
const MIN_REST = 2
const MAX_REST = 32
const MAX_FAILED_SHARE = 0.1
const BACK_OFF = 0.7
/** After failures the number grows so fast without trials, up to one back-off below where they began. */
const RECOVERY = 2

export interface ConcurrencyBounds {
  readonly minConcurrency: number
  readonly maxConcurrency: number
}

/** What came of the attempts that ended in a window. */
export interface ConcurrencySample {
  /** All slots were in use, and ready work waited. */
  readonly isLimited: boolean
  /** Attempts that failed; what they took does not count. */
  readonly failed: number
  /** What those that succeeded took. */
  readonly latency: LatencySums
}

/**
 * - `try more`, `try fewer`: a trial begins.
 * - `no gain`: the trial is undone: more slots brought no more throughput, or fewer lost some.
 * - `little work`: the trial is undone because slots were free.
 * - `failures`: attempts failed.
 * - `recovery`: attempts succeed again.
 */
export type ConcurrencyReason = 'try more' | 'try fewer' | 'no gain' | 'little work' | 'failures' | 'recovery'

/**
 * - At rest, `slots` equals `restSlots` and `restLatency` gathers what is known of them.
 * - In a trial, `slots` differs and `trialLatency` gathers. It ends when its mean is known: a trial that pays is where the
 *   next one starts from, one that does not is undone.
 */
export interface ControllerState {
  readonly slots: number
  readonly restSlots: number
  readonly restLatency: LatencySums
  readonly trialLatency: LatencySums | undefined
  /** The number has just changed: the next window still holds attempts that started before. */
  readonly isSettling: boolean
  readonly way: 'more' | 'fewer'
  readonly step: number
  readonly restWindows: number
  readonly rested: number
  /** Where the number goes back to when attempts succeed again; 0 where none failed. */
  readonly recoverTo: number
}

export interface ControllerAnswer {
  readonly state: ControllerState
  /** Why the number of slots changed. */
  readonly reason?: ConcurrencyReason
}

export function startController(bounds: ConcurrencyBounds, slots: number = FIRST_SLOTS): ControllerState {
  const within = Math.round(Math.min(bounds.maxConcurrency, Math.max(bounds.minConcurrency, slots)))
  return {
    slots: within,
    restSlots: within,
    restLatency: NO_LATENCIES,
    trialLatency: undefined,
    isSettling: true,
    way: 'more',
    step: BRISK_STEP,
    restWindows: MIN_REST,
    rested: MIN_REST,
    recoverTo: 0,
  }
}

/**
 * The number of slots after a window. It climbs the hill of throughput, which is slots by latency: it tries more or fewer,
 * and stays with what pays. There is no baseline to go stale: a number is only ever compared with the one before it.
 */
export function control(
  state: ControllerState,
  sample: ConcurrencySample,
  bounds: ConcurrencyBounds,
): ControllerAnswer {
  const attempts = sample.latency.count + sample.failed
  if (!(attempts >= MIN_WINDOW_ATTEMPTS)) return { state }
  if (state.isSettling) return { state: { ...state, isSettling: false } }
  if (sample.failed > MAX_FAILED_SHARE * attempts) return backOff(state, bounds)
  if (!sample.isLimited) return state.trialLatency === undefined ? { state } : undo(state, 'little work')
  if (state.recoverTo > state.slots) return recover(state, sample.latency, bounds)
  if (state.trialLatency === undefined) return rest(state, sample.latency, bounds)
  return judge(state, mergeLatencies(state.trialLatency, sample.latency), bounds)
}

function rest(state: ControllerState, latency: LatencySums, bounds: ConcurrencyBounds): ControllerAnswer {
  const shift = growth(state.restLatency, latency)
  const chance = 2 * (errorOf(state.restLatency) + errorOf(latency))
  if (Math.abs(shift) > Math.log(SHIFT_FACTOR) + chance) {
    const afresh = startController(bounds, state.slots)
    return { state: { ...afresh, isSettling: false, way: shift > 0 ? 'fewer' : 'more' } }
  }
  const restLatency = mergeLatencies(state.restLatency, latency, MAX_EVIDENCE)
  const next = { ...state, restLatency, rested: state.rested + 1 }
  if (next.rested < next.restWindows) return { state: next }
  return tryOut(next, bounds) ?? tryOut(turn(next), bounds) ?? { state: next }
}

function judge(state: ControllerState, trial: LatencySums, bounds: ConcurrencyBounds): ControllerAnswer {
  const { slots, restSlots, restLatency, way } = state
  const gain = Math.log(slots / restSlots)
  if (!isKnown(trial, gain)) return { state: { ...state, trialLatency: trial } }
  const rise = growth(restLatency, trial)
  if (rise >= gain * (way === 'more' ? GROWTH_PAYS_BELOW : SHRINKING_PAYS_ABOVE)) return undo(state, 'no gain')
  const kept: ControllerState = {
    ...state,
    restSlots: slots,
    restLatency: trial,
    trialLatency: undefined,
    restWindows: MIN_REST,
    rested: 0,
  }
  return tryOut(kept, bounds) ?? { state: kept }
}

/** A trial one step that way, once enough is known to compare it with; undefined at the bound. */
function tryOut(state: ControllerState, bounds: ConcurrencyBounds): ControllerAnswer | undefined {
  const { restSlots, step, way } = state
  const { minConcurrency, maxConcurrency } = bounds
  const slots =
    way === 'more'
      ? Math.min(maxConcurrency, Math.max(restSlots + 1, Math.round(restSlots * step)))
      : Math.max(minConcurrency, Math.min(restSlots - 1, Math.round(restSlots / step)))
  if (slots === restSlots) return undefined
  if (!isKnown(state.restLatency, Math.log(slots / restSlots))) return { state }
  return {
    state: { ...state, slots, trialLatency: NO_LATENCIES, isSettling: true, recoverTo: 0 },
    reason: way === 'more' ? 'try more' : 'try fewer',
  }
}

function undo(state: ControllerState, reason: ConcurrencyReason): ControllerAnswer {
  const undone: ControllerState = {
    ...state,
    slots: state.restSlots,
    trialLatency: undefined,
    isSettling: true,
    rested: 0,
  }
  if (reason === 'little work') return { state: undone, reason }
  return {
    state: {
      ...turn(undone),
      restWindows: state.step === BRISK_STEP ? MIN_REST : Math.min(MAX_REST, state.restWindows * 2),
    },
    reason,
  }
}

/** Failures of a trial with more slots are its own; any other are the downstream's. */
function backOff(state: ControllerState, bounds: ConcurrencyBounds): ControllerAnswer {
  if (state.slots > state.restSlots) return undo(state, 'failures')
  const lowered = startController(bounds, Math.floor(state.slots * BACK_OFF))
  const hasSucceeded = state.restLatency.count > 0
  const recoverTo = hasSucceeded ? Math.max(lowered.slots, Math.floor(state.recoverTo * BACK_OFF)) : state.recoverTo
  const next = { ...lowered, recoverTo }
  return next.slots === state.slots ? { state: next } : { state: next, reason: 'failures' }
}

function recover(state: ControllerState, latency: LatencySums, bounds: ConcurrencyBounds): ControllerAnswer {
  const slots = Math.min(state.recoverTo, state.slots * RECOVERY)
  const next = { ...startController(bounds, slots), restLatency: latency, recoverTo: state.recoverTo }
  return { state: next, reason: 'recovery' }
}

function isKnown(latency: LatencySums, gain: number): boolean {
  if (latency.count < MIN_WINDOW_ATTEMPTS) return false
  return latency.count >= MAX_EVIDENCE || errorOf(latency) <= MAX_ERROR * Math.abs(gain)
}

/** Where one way led to its end, the other is tried with care. */
function turn(state: ControllerState): ControllerState {
  return { ...state, way: state.way === 'more' ? 'fewer' : 'more', step: GENTLE_STEP }
}
