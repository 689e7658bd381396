/** Little's law: `slots` handlers that are always busy finish this many records a second. */
export function littleRate(slots: number, meanSeconds: number): number {
  return slots / meanSeconds
}

export interface Work {
  readonly slots: number
  /** Of all handlers together. */
  readonly totalSeconds: number
  /** Of the key that took the most; its records run one after another. */
  readonly heaviestKeySeconds: number
}

/** No schedule is shorter: the slots share all of the work, and one key is never faster than its handlers. */
export function shortestSeconds({ slots, totalSeconds, heaviestKeySeconds }: Work): number {
  return Math.max(totalSeconds / slots, heaviestKeySeconds)
}
