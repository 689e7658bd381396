import { type ConsumerRecord, recordBytes } from './record.ts'

/**
 * The records of a fetched batch, in the order of their offsets. A record becomes an object when it is asked for: what
 * is fetched and waits costs no more than the client library has made of it.
 */
export interface RecordSource {
  readonly length: number
  offsetAt(index: number): number
  /** What the record counts for in the limits on bytes: `recordBytes` of it and its headers, before and after it is an object. */
  bytesAt(index: number): number
  at(index: number): ConsumerRecord
}

/** Records that are objects already. */
export function sourceOf(records: readonly ConsumerRecord[]): RecordSource {
  const at = (index: number): ConsumerRecord => records[index] as ConsumerRecord
  return {
    length: records.length,
    offsetAt: (index) => at(index).offset,
    bytesAt: (index) => recordBytes(at(index), at(index).headers.bytes),
    at,
  }
}

/** The records whose offsets pass; they are asked in order, each once. */
export function pick(source: RecordSource, passes: (offset: number) => boolean): RecordSource {
  const { length } = source
  let whole = 0
  while (whole < length && passes(source.offsetAt(whole))) whole += 1
  if (whole === length) return source
  const kept = Array.from({ length: whole }, (_, index) => index)
  for (let index = whole + 1; index < length; index += 1) if (passes(source.offsetAt(index))) kept.push(index)
  const original = (index: number): number => kept[index] as number
  return {
    length: kept.length,
    offsetAt: (index) => source.offsetAt(original(index)),
    bytesAt: (index) => source.bytesAt(original(index)),
    at: (index) => source.at(original(index)),
  }
}

/** Makes the objects of all records. */
export function recordsOf(source: RecordSource): ConsumerRecord[] {
  return Array.from({ length: source.length }, (_, index) => source.at(index))
}
