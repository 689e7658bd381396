import type { ConsumerRecord } from '../model/record.ts'

/** Which records must run one after another: those with equal lane keys. */
export type LaneKey = string

export type Ordering = (record: ConsumerRecord) => LaneKey

const ONE_LANE: LaneKey = ''

/** `order: 'partition'`: a partition is one lane. */
export const partitionOrder: Ordering = () => ONE_LANE
