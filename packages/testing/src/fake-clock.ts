import { setImmediate } from 'node:timers/promises'
import type { Clock, Timer } from '@holdfast/core'

/** Milliseconds, or a text of a number and its unit: `250ms`, `30s`, `2m`, `1h`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`

/** A clock that moves only when it is told to. */
export interface FakeClock extends Clock {
  /** Timers that have not fired and were not cleared. */
  readonly pendingTimers: number
  /** Moves time on, from timer to timer in the order in which they are due, and settles after each. */
  advance(by: Duration): Promise<void>
  /** Time goes by while the event loop stands still: what was due meanwhile fires late, when time is moved again. */
  block(by: Duration): void
  /** Lets promises and `setImmediate` callbacks run; time stands still. */
  settle(): Promise<void>
}

export interface FakeClockOptions {
  /** What `wallNow` shows at the beginning. @default 2026-01-01T00:00:00Z */
  readonly wallStartMs?: number
  /** Turns of the event loop that `settle` waits for. @default 6 */
  readonly turns?: number
}

interface PendingTimer {
  readonly dueMs: number
  readonly callback: () => void
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/** A clock at 0 monotonic milliseconds that nothing moves but its own methods. */
export function createFakeClock(options: FakeClockOptions = {}): FakeClock {
  const { wallStartMs = Date.UTC(2026, 0, 1), turns = 6 } = options
  const timers = new Set<PendingTimer>()
  let nowMs = 0

  /** A Set keeps the order of insertion, so timers due at the same instant fire in the order they were set. */
  const nextDue = (untilMs: number): PendingTimer | undefined => {
    let next: PendingTimer | undefined
    for (const timer of timers) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer
    }
    return next
  }

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < turns; turn += 1) await setImmediate()
  }

  return {
    get pendingTimers() {
      return timers.size
    },
    now: () => nowMs,
    wallNow: () => wallStartMs + nowMs,
    setTimer(callback: () => void, delayMs: number): Timer {
      const timer: PendingTimer = { dueMs: nowMs + Math.max(0, delayMs), callback }
      timers.add(timer)
      return { clear: () => void timers.delete(timer) }
    },
    block(by) {
      nowMs += durationMs(by)
    },
    settle,
    async advance(by: Duration): Promise<void> {
      const untilMs = nowMs + durationMs(by)
      await settle()
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        timers.delete(timer)
        nowMs = Math.max(nowMs, timer.dueMs)
        timer.callback()
        await settle()
      }
      nowMs = Math.max(nowMs, untilMs)
    },
  }
}

export function durationMs(duration: Duration): number {
  if (typeof duration === 'number') return duration
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(duration)
  if (match === null) throw new TypeError(`"${duration}" is not a duration; write 250ms, 30s, 2m or 1h`)
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]
}
