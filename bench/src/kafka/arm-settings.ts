import type { CheckedTopic } from '../check/delivery-checker.ts'

/** What every arm that reads from a broker is told. */
export interface ArmSettings extends CheckedTopic {
  readonly arm: string
  readonly brokers: readonly string[]
  readonly topic: string
  readonly groupId: string
}

/** Ends an arm. */
export type Stop = () => Promise<void>

/** The same for all; everything else stays at each side's default. */
export const FETCH_MAX_WAIT_MS = 250
