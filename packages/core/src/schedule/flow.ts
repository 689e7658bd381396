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

/** What one partition may hold: the smaller of its own limit and its share of the total. */
export function flowBounds(
  partitions: number,
  limits: FlowLimits,
): { readonly records: number; readonly bytes: number } {
  return {
    records: Math.min(limits.maxPartitionBufferedRecords, Math.ceil(limits.maxBufferedRecords / partitions)),
    bytes: Math.min(limits.maxPartitionBufferedBytes, Math.ceil(limits.maxBufferedBytes / partitions)),
  }
}

export type FlowDecision = 'pause' | 'resume' | 'stay'

/**
 * A partition pauses at its bound and resumes at half of it. A share of the total is part of the bound, so that the total
 * holds whatever the skew, and one stuck partition never stops the others.
 */
export function decideFlow(held: Held, partitions: number, limits: FlowLimits): FlowDecision {
  const { records, bytes } = flowBounds(partitions, limits)
  if (held.heldRecords >= records || held.heldBytes >= bytes) return 'pause'
  return held.heldRecords <= records / 2 && held.heldBytes <= bytes / 2 ? 'resume' : 'stay'
}
