import type { OutgoingRecord } from '@holdfast/core'

/** Half of what a topic takes at once by default (`max.message.bytes`). */
export const MAX_BYTES = 524_288
/**
 * No broker reads a longer request with default settings (`socket.request.max.bytes`, 100 MiB): it closes the connection,
 * which says nothing about the record. Some bytes are the request's own.
 */
export const MAX_RECORD_BYTES: number = 100 * 1024 * 1024 - 4_096
/** kafkajs sorts records to their partitions in quadratic time. */
export const MAX_RECORDS = 500
/** The lengths, attributes and deltas of a record, at most. */
const RECORD_OVERHEAD_BYTES = 40
const HEADER_OVERHEAD_BYTES = 10

/** The records of one call as requests that a topic with default limits takes, in order. */
export function requestsOf(records: readonly OutgoingRecord[]): OutgoingRecord[][] {
  const requests: OutgoingRecord[][] = []
  let bytes = 0
  for (const record of records) {
    const size = bytesOf(record)
    const last = requests.at(-1)
    if (last === undefined || last.length === MAX_RECORDS || bytes + size > MAX_BYTES) {
      requests.push([record])
      bytes = size
    } else {
      last.push(record)
      bytes += size
    }
  }
  return requests
}

/** What a record takes up in a log, at most. */
export function bytesOf({ key, value, headers }: OutgoingRecord): number {
  const headerBytes = headers.reduce(
    (sum, [name, each]) => sum + Buffer.byteLength(name) + (each?.length ?? 0) + HEADER_OVERHEAD_BYTES,
    0,
  )
  return RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + headerBytes
}
