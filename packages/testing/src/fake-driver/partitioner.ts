import type { FakeLog, FakeRecord } from './fake-log.ts'
import { murmur2 } from './murmur2.ts'

/** The partition asked for, the one that Kafka's clients take for the key, or the least filled. */
export function partitionFor({ partition, key }: FakeRecord, logs: readonly FakeLog[]): number {
  if (partition !== undefined) return partition
  if (key !== undefined && key !== null) return (murmur2(Buffer.from(key as string)) & 0x7fff_ffff) % logs.length
  return logs.reduce((least, log) => (log.end < least.end ? log : least)).partition
}
