import type { ConsumerRecord } from '../model/record.ts'

/** Names a lane within its partition. */
export type LaneKey = string

/** Deals the records of a poll batch to lanes; those of a lane stay in order. */
export type Ordering = (records: readonly ConsumerRecord[]) => Iterable<readonly [LaneKey, readonly ConsumerRecord[]]>

const ONE_LANE: LaneKey = ''

/** `order: 'partition'`: a partition is one lane. */
export const partitionOrder: Ordering = (records) => [[ONE_LANE, records]]
