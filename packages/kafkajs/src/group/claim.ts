import type { TopicPartition } from '@holdfast/core'

/** What this member tells the others that it owns. */
export interface Claim {
  readonly partitions: readonly TopicPartition[]
  /** Of the assignment in which it got them; −1 where it has none. */
  readonly generationId: number
}

export const NO_CLAIM: Claim = Object.freeze({ partitions: [], generationId: -1 })
