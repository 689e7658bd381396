/** How much may be held in memory before a partition is paused. */
export interface FlowLimits {
  readonly maxBufferedRecords: number
  readonly maxBufferedBytes: number
  readonly maxPartitionBufferedRecords: number
  readonly maxPartitionBufferedBytes: number
}

export interface Held {
  readonly heldRecords: number
  readonly heldBytes: number
}

export type FlowDecision = 'pause' | 'resume' | 'stay'

/**
 * A partition pauses at its limit and resumes at half of it. Its limit is the smaller of its own and its share of the
 * total, so that the total holds whatever the skew, and one stuck partition never stops the others.
 */
export function decideFlow(held: Held, partitions: number, limits: FlowLimits): FlowDecision {
  const records = Math.min(limits.maxPartitionBufferedRecords, Math.ceil(limits.maxBufferedRecords / partitions))
  const bytes = Math.min(limits.maxPartitionBufferedBytes, Math.ceil(limits.maxBufferedBytes / partitions))
  if (held.heldRecords >= records || held.heldBytes >= bytes) return 'pause'
  return held.heldRecords <= records / 2 && held.heldBytes <= bytes / 2 ? 'resume' : 'stay'
}
