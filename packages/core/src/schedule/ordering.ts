import type { ConsumerRecord } from '../model/record.ts'
import type { OrderFunction } from './order-function.ts'

/** Names a lane within its partition. Numbers and texts never meet, so a record without a key cannot share a key's lane. */
export type LaneKey = string | number

/** Which records wait for one another: those of a partition, of a key, none, or those that a function names alike. */
export type Order = 'partition' | 'key' | 'none' | ((record: ConsumerRecord) => LaneKey)

/** `Order` with a function that cannot throw. */
export type SafeOrder = Exclude<Order, (record: ConsumerRecord) => LaneKey> | OrderFunction

/** What a record without a key waits for with `order: 'key'`: nothing, or the other ones of its partition. */
export type NullKey = 'record' | 'partition'

/** Deals the records of a poll batch to lanes, each named once; those of a lane stay in order. */
export type Ordering = (records: readonly ConsumerRecord[]) => Iterable<readonly [LaneKey, readonly ConsumerRecord[]]>

const ONE_LANE: LaneKey = 0

/** A partition is one lane. */
export const partitionOrdering: Ordering = (records) => [[ONE_LANE, records]]

export function createOrdering(order: SafeOrder, nullKey: NullKey): Ordering {
  switch (order) {
    case 'partition':
      return partitionOrdering
    case 'none':
      return (records) => records.map((record) => [record.offset, [record]] as const)
    case 'key':
      return byLaneKey(nullKey === 'record' ? keyOrOffset : keyOrPartition)
    default:
      return byLaneKey((record) => order.nameOf(record) ?? ownLane(record))
  }
}

/** What names the lane of a record; undefined where it waits for no other, and none for it. */
export function createLaneKey(order: SafeOrder, nullKey: NullKey): (record: ConsumerRecord) => LaneKey | undefined {
  if (order === 'none') return () => undefined
  if (order === 'partition') return () => ONE_LANE
  if (order !== 'key') return (record) => order.nameOf(record)
  return nullKey === 'record' ? (record) => record.key?.toString('latin1') : keyOrPartition
}

function byLaneKey(laneKey: (record: ConsumerRecord) => LaneKey): Ordering {
  return (records) => Map.groupBy(records, laneKey)
}

/** Latin-1 maps bytes to characters one to one: keys are equal when their bytes are. */
function keyOrOffset({ key, offset }: ConsumerRecord): LaneKey {
  return key === null ? offset : key.toString('latin1')
}

function keyOrPartition({ key }: ConsumerRecord): LaneKey {
  return key === null ? ONE_LANE : key.toString('latin1')
}

/** A text, so that it shares no lane with a function's numbers. */
function ownLane({ offset }: ConsumerRecord): LaneKey {
  return `unnamed @${offset}`
}
