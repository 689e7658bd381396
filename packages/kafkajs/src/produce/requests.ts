import { HoldfastError, type OutgoingRecord } from '@holdfast/core'

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
export function requestsOf(records: readonly OutgoingRecord[], maxBytes: number = MAX_BYTES): OutgoingRecord[][] {
  const requests: OutgoingRecord[][] = []
  let bytes = 0
  for (const record of records) {
    const size = bytesOf(record)
    const last = requests.at(-1)
    if (last === undefined || last.length === MAX_RECORDS || bytes + size > maxBytes) {
      requests.push([record])
      bytes = size
    } else {
      last.push(record)
      bytes += size
    }
  }
  return requests
}

/** @throws HF_RECORD_TOO_LARGE where no broker would read a request with one of them. */
export function checkReadable(topic: string, records: readonly OutgoingRecord[]): void {
  const bytes = records.reduce((most, record) => Math.max(most, bytesOf(record)), 0)
  if (bytes <= MAX_RECORD_BYTES) return
  throw new HoldfastError(
    'HF_RECORD_TOO_LARGE',
    `a record of about ${bytes} bytes for ${topic} is longer than any request that brokers read by default (socket.request.max.bytes).\n  Fix: write less.`,
    { details: { topic, bytes } },
  )
}

/** What a record takes up in a log, at most. */
export function bytesOf({ key, value, headers }: OutgoingRecord): number {
  const headerBytes = headers.reduce(
    (sum, [name, each]) => sum + Buffer.byteLength(name) + (each?.length ?? 0) + HEADER_OVERHEAD_BYTES,
    0,
  )
  return RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + headerBytes
}
