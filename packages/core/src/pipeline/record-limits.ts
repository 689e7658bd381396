import { HoldfastError } from '../errors/holdfast-error.ts'
import type { ConsumerRecord, RecordHeaders } from '../model/record.ts'
import { partitionName } from '../model/topic-partition.ts'

/** How large a record may be that is handed to a handler. */
export interface RecordLimits {
  readonly maxRecordKeyBytes: number
  readonly maxRecordValueBytes: number
  /** How many headers it may have. */
  readonly maxRecordHeaders: number
  /** How much their names and values may be together. */
  readonly maxRecordHeaderBytes: number
}

/** @throws HF_RECORD_LIMIT */
export function checkLimits(record: ConsumerRecord, limits: RecordLimits): void {
  const keyBytes = record.key?.length ?? 0
  if (keyBytes > limits.maxRecordKeyBytes) throw overLimit(record, 'maxRecordKeyBytes', keyBytes, limits)
  const valueBytes = record.value?.length ?? 0
  if (valueBytes > limits.maxRecordValueBytes) throw overLimit(record, 'maxRecordValueBytes', valueBytes, limits)
  const { headers } = record
  if (headers.size > 0) checkHeaders(record, headers, limits)
}

function checkHeaders(record: ConsumerRecord, headers: RecordHeaders, limits: RecordLimits): void {
  if (headers.size > limits.maxRecordHeaders) throw overLimit(record, 'maxRecordHeaders', headers.size, limits)
  let bytes = 0
  // No character of UTF-16 takes more than three bytes in UTF-8, and few headers have names that long.
  for (const [name, value] of headers) bytes += 3 * name.length + (value?.length ?? 0)
  if (bytes <= limits.maxRecordHeaderBytes) return
  bytes = 0
  for (const [name, value] of headers) bytes += Buffer.byteLength(name) + (value?.length ?? 0)
  if (bytes > limits.maxRecordHeaderBytes) throw overLimit(record, 'maxRecordHeaderBytes', bytes, limits)
}

const WHAT: Readonly<Record<keyof RecordLimits, (measured: number) => string>> = {
  maxRecordKeyBytes: (bytes) => `a key of ${bytes} bytes`,
  maxRecordValueBytes: (bytes) => `a value of ${bytes} bytes`,
  maxRecordHeaders: (count) => `${count} headers`,
  maxRecordHeaderBytes: (bytes) => `headers of ${bytes} bytes`,
}

function overLimit(
  record: ConsumerRecord,
  limit: keyof RecordLimits,
  measured: number,
  limits: RecordLimits,
): HoldfastError {
  const { topic, partition, offset } = record
  return new HoldfastError(
    'HF_RECORD_LIMIT',
    `${partitionName(record)}@${offset} has ${WHAT[limit](measured)}, more than ${limit} = ${limits[limit]}.\n  Fix: raise ${limit}, or let the producer send less.`,
    { details: { topic, partition, offset, limit, measured, allowed: limits[limit] } },
  )
}
