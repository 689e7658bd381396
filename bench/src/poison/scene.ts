import { firstKeyOf } from '../paced/load.ts'

export const PARTITIONS = 6
export const SLOTS = 100
export const SESSION_TIMEOUT_MS = 6_000
/** Its pause comes at 80 %, before the slowest records are done. */
export const MAX_POLL_INTERVAL_MS = 24_500
/** Every handler's, but of poison. */
export const WAIT_MS = 5
export const PER_SECOND = 500

/** In a harmed partition one record of so many takes seconds: one in a thousand of all. */
const ONE_IN = 500
const SECONDS_FROM = 3
const SECONDS_TO = 6

/** The partitions that are harmed: each has such records, and one key with a record of 20 seconds. */
export const SLOW_PARTITIONS: readonly number[] = [0, 1, 2]
export const SLOW_MS = 20_000

/** What a record of the poisoned load takes; the slow keys are those of the first records, which come once more. */
export function poisonMs(partition: number, offset: number, key: number): number {
  if (!SLOW_PARTITIONS.includes(partition)) return WAIT_MS
  if (key === firstKeyOf(partition) && offset > 0) return SLOW_MS
  if (offset % ONE_IN !== ONE_IN / 2) return WAIT_MS
  const share = ((offset / ONE_IN) * 0.618) % 1
  return 1_000 * (SECONDS_FROM + (SECONDS_TO - SECONDS_FROM) * share)
}
