import { partitionOfKey } from '@holdfast/core'
import type { FakeLog, FakeRecord } from './fake-log.ts'

/** The partition asked for, the one that Kafka's clients take for the key, or the least filled. */
export function partitionFor({ partition, key }: FakeRecord, logs: readonly FakeLog[]): number {
  if (partition !== undefined) return partition
  if (key !== undefined && key !== null) return partitionOfKey(Buffer.from(key as string), logs.length)
  return logs.reduce((least, log) => (log.end < least.end ? log : least)).partition
}
