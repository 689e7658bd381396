import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import type { ConsumerRecord } from '../model/record.ts'
import { partitionName } from '../model/topic-partition.ts'

/** Names a lane within its partition. Numbers and texts never meet, so a record without a key cannot share a key's lane. */
export type LaneKey = string | number

/** Which records wait for one another: those of a partition, of a key, none, or those that a function names alike. */
export type Order = 'partition' | 'key' | 'none' | ((record: ConsumerRecord) => LaneKey)

/** What a record without a key waits for with `order: 'key'`: nothing, or the other ones of its partition. */
export type NullKey = 'record' | 'partition'

/** Deals the records of a poll batch to lanes, each named once; those of a lane stay in order. */
export type Ordering = (records: readonly ConsumerRecord[]) => Iterable<readonly [LaneKey, readonly ConsumerRecord[]]>

const ONE_LANE: LaneKey = 0

/** A partition is one lane. */
export const partitionOrdering: Ordering = (records) => [[ONE_LANE, records]]

export function createOrdering(order: Order, nullKey: NullKey): Ordering {
  switch (order) {
    case 'partition':
      return partitionOrdering
    case 'none':
      return (records) => records.map((record) => [record.offset, [record]] as const)
    case 'key':
      return byLaneKey(nullKey === 'record' ? keyOrOffset : keyOrPartition)
    default:
      return byLaneKey((record) => named(order, record))
  }
}

/** What names the lane of a record; undefined where it waits for no other, and none for it. */
export function createLaneKey(order: Order, nullKey: NullKey): (record: ConsumerRecord) => LaneKey | undefined {
  if (order === 'none') return () => undefined
  if (order === 'partition') return () => ONE_LANE
  if (order !== 'key') return (record) => named(order, record)
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

function named(order: (record: ConsumerRecord) => LaneKey, record: ConsumerRecord): LaneKey {
  let key: unknown
  try {
    key = order(record)
  } catch (error) {
    throw orderFailed(record, `threw ${describeError(error)}`, error)
  }
  if (typeof key === 'string' || typeof key === 'number') return key
  throw orderFailed(record, `answered ${key === null ? 'null' : typeof key}`)
}

function orderFailed(record: ConsumerRecord, what: string, cause?: unknown): HoldfastError {
  const { topic, partition, offset } = record
  return new HoldfastError(
    'HF_OPTION_INVALID',
    `order(record) ${what} for ${partitionName(record)}@${offset}: it must answer a text or a number.\n  Fix: correct the function given as order.`,
    { cause, details: { option: 'order', topic, partition, offset } },
  )
}
