/** Time as the runtime sees it; `@holdfast/testing` has one that tests move by hand. */
export interface Clock {
  /** Monotonic milliseconds: ages, deadlines and back-off are measured with it. */
  now(): number
  /** Milliseconds since 1970: for people and logs, and to compare with the time stamps of records. */
  wallNow(): number
  setTimer(callback: () => void, delayMs: number): Timer
}

/** A timer that is set; cleared, or when it has fired, `clear` does nothing. */
export interface Timer {
  clear(): void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer(callback, delayMs) {
    const handle = setTimeout(callback, Math.max(0, delayMs))
    return { clear: () => clearTimeout(handle) }
  },
}
