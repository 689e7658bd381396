import type { Arm } from '../arms/arm.ts'

export interface LagSample {
  /** Since the requests were produced. */
  readonly seconds: number
  /** Requests that are not committed. */
  readonly lag: number
}

/** What an arm came to. */
export interface ArmResult {
  readonly arm: Arm
  readonly requested: number
  /** Requests whose mail went out, however often. */
  readonly delivered: number
  /** Mails beyond the first for their request. */
  readonly duplicates: number
  readonly rebalances: number
  readonly commits: number
  readonly recordsPerSecond: number
  readonly lag: readonly LagSample[]
}
