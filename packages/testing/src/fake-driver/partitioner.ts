import type { FakeLog, FakeRecord } from './fake-log.ts'

/** The partition asked for, the one of the key's hash, or the least filled. */
export function partitionFor({ partition, key }: FakeRecord, logs: readonly FakeLog[]): number {
  if (partition !== undefined) return partition
  if (key !== undefined && key !== null) return hash(Buffer.from(key as string)) % logs.length
  return logs.reduce((least, log) => (log.end < least.end ? log : least)).partition
}

/** FNV-1a: any stable hash will do. */
function hash(bytes: Buffer): number {
  return bytes.reduce((state, byte) => Math.imul(state ^ byte, 16_777_619) >>> 0, 2_166_136_261)
}
