import { type OutgoingRecord, partitionOfKey } from '@holdfast/core'
import { bytesOf, MAX_BYTES, MAX_RECORDS } from './requests.ts'

/** What is asked to be written. */
export interface Asked {
  readonly records: readonly OutgoingRecord[]
}

/**
 * Takes the first call out of those that wait, with later ones that can be written along with it: calls of one record each for
 * one partition, which brokers take whole or not at all. Where the number of partitions is not known yet it is taken alone.
 */
export function takeJoined<Call extends Asked>(waiting: Call[], partitions: number | undefined): Call[] {
  const first = waiting.shift()
  if (first === undefined) return []
  const to = destinationOf(first, partitions)
  if (to === undefined) return [first]
  const joined = [first]
  let bytes = sizeOf(first)
  const left: Call[] = []
  let isFull = false
  for (const call of waiting) {
    const isAlike = destinationOf(call, partitions) === to
    // None overtakes one that does not fit any more: both can be of one key.
    if (isAlike) isFull ||= joined.length === MAX_RECORDS || bytes + sizeOf(call) > MAX_BYTES
    const isJoined = isAlike && !isFull
    if (isJoined) bytes += sizeOf(call)
    ;(isJoined ? joined : left).push(call)
  }
  waiting.splice(0, waiting.length, ...left)
  return joined
}

/** The records of calls that were taken together. Those that may go to any partition go to this one. */
export function recordsOf(calls: readonly Asked[], anyPartition: number): readonly OutgoingRecord[] {
  const records = calls.flatMap((call) => call.records)
  if (calls.length === 1) return records
  return records.map((record) => (isForAny(record) ? { ...record, partition: anyPartition } : record))
}

/** A partition, or any; undefined for what is written alone. */
function destinationOf({ records }: Asked, partitions: number | undefined): number | 'any' | undefined {
  const [record] = records
  if (partitions === undefined || record === undefined || records.length > 1) return undefined
  if (isForAny(record)) return 'any'
  return record.partition ?? partitionOfKey(record.key as Buffer, partitions)
}

function isForAny({ key, partition }: OutgoingRecord): boolean {
  return key === null && partition === undefined
}

function sizeOf({ records }: Asked): number {
  return bytesOf(records[0] as OutgoingRecord)
}
