import {
  type ConcurrencyBounds,
  type ControllerState,
  control,
  startController,
} from '../../src/policy/concurrency-controller.ts'
import { isWindowOver } from '../../src/policy/concurrency-window.ts'
import type { Random } from '../support/random.ts'

/** What an attempt takes that begins now, as one of `inFlight`, and whether it fails. */
export type Downstream = (now: { readonly nowMs: number; readonly inFlight: number; readonly random: Random }) => {
  readonly latencyMs: number
  readonly fails?: boolean
}

export interface Window {
  readonly endMs: number
  readonly slots: number
  readonly durationMs: number
}

export interface Simulation {
  readonly downstream: Downstream
  readonly random: Random
  readonly bounds: ConcurrencyBounds
  readonly windows: number
  /** The mean pause between two records. @default there is always work */
  readonly arrivalMs?: number
}

const LIMITED_SHARE = 0.75
const TICKS_PER_WINDOW = 1_000

/** Slots in front of a modelled downstream, from event to event; time is only a number. */
export function simulate({ downstream, random, bounds, windows, arrivalMs }: Simulation): Window[] {
  const trace: Window[] = []
  const running: { readonly endMs: number; readonly latencyMs: number; readonly fails: boolean }[] = []
  let state: ControllerState = startController(bounds)
  let waiting = arrivalMs === undefined ? Number.POSITIVE_INFINITY : 0
  let arrivesMs = arrivalMs === undefined ? Number.POSITIVE_INFINITY : 0
  let nowMs = 0

  const begin = (): void => {
    while (running.length < state.slots && waiting > 0) {
      waiting -= 1
      const { latencyMs, fails = false } = downstream({ nowMs, inFlight: running.length + 1, random })
      const endMs = nowMs + latencyMs
      let index = running.length
      while (index > 0 && (running[index - 1]?.endMs ?? 0) < endMs) index -= 1
      running.splice(index, 0, { endMs, latencyMs, fails })
    }
  }

  for (let number = 0; number < windows; number += 1) {
    const beganMs = nowMs
    const sums = { count: 0, ms: 0, rootMs: 0 }
    let [failed, attemptMs, ticks, limited] = [0, 0, 0, 0]
    const isOver = (): boolean =>
      isWindowOver({ elapsedMs: nowMs - beganMs, slots: state.slots, attempts: sums.count + failed, attemptMs })
    while (!isOver() && ticks < TICKS_PER_WINDOW) {
      begin()
      ticks += 1
      if (running.length >= state.slots && waiting > 0) limited += 1
      nowMs = Math.min(running.at(-1)?.endMs ?? Number.POSITIVE_INFINITY, arrivesMs)
      if (nowMs === arrivesMs) {
        waiting += 1
        arrivesMs += -Math.log(1 - random.next()) * (arrivalMs ?? 0)
        continue
      }
      const { latencyMs, fails } = running.pop()!
      attemptMs += latencyMs
      if (fails) {
        failed += 1
      } else {
        sums.count += 1
        sums.ms += latencyMs
        sums.rootMs += Math.sqrt(latencyMs)
      }
    }
    trace.push({ endMs: nowMs, slots: state.slots, durationMs: nowMs - beganMs })
    const isLimited = limited >= LIMITED_SHARE * ticks
    state = control(state, { isLimited, failed, latency: sums }, bounds).state
  }
  return trace
}
