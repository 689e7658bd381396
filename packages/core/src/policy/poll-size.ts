/** A poll batch is expected to end within this share of `maxPollIntervalMs`. */
const TARGET_SHARE = 0.25
/** What `max.poll.records` is in Kafka: no more are admitted, however quick the handler is, unless there are more slots. */
const MOST = 500

export interface PollSizeInput {
  readonly maxPollIntervalMs: number
  /** The mean time of a record; undefined before one has ended. */
  readonly meanMs: number | undefined
  /** How many records of the topic have ended, and over how many partitions. */
  readonly records: number
  readonly busyPartitions: number
  /** How many records of the partition can run at once: its share of the slots, a fraction where there are fewer. */
  readonly parallel: number
  /** How long a rate limit makes a record of the partition wait. @default 0 */
  readonly paceMs?: number
}

/**
 * How many records a partition may have admitted so that they are expected to end within a quarter of the interval.
 * Before the handler is known it is one per slot, and at most twice what has ended.
 */
export function pollSize(input: PollSizeInput): number {
  const { maxPollIntervalMs, meanMs, records, busyPartitions, parallel, paceMs = 0 } = input
  const atOnce = Math.max(1, Math.ceil(parallel))
  const learned = Math.max(atOnce, Math.ceil((2 * records) / busyPartitions))
  if (meanMs === undefined) return atOnce
  const eachMs = Math.max(meanMs / parallel, paceMs)
  const fitting = eachMs === 0 ? Number.POSITIVE_INFINITY : Math.floor((maxPollIntervalMs * TARGET_SHARE) / eachMs)
  // A slot has at least one record, or its time would be lost: what runs longer than the interval is the watchdog's.
  return Math.max(Math.ceil(Math.max(parallel, 1)), Math.min(fitting, learned, Math.max(MOST, 2 * atOnce)))
}
