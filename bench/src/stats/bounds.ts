/** Little's law: `slots` handlers that are always busy finish this many records a second. */
export function littleRate(slots: number, meanSeconds: number): number {
  return slots / meanSeconds
}

export interface Work {
  readonly records: number
  /** How many records the hottest key has; they run one after another. */
  readonly hottest: number
  readonly slots: number
  readonly meanSeconds: number
}

/** No schedule is shorter: the slots share all of the work, and one key is never faster than its handler. */
export function shortestSeconds({ records, hottest, slots, meanSeconds }: Work): number {
  return Math.max((records * meanSeconds) / slots, hottest * meanSeconds)
}
