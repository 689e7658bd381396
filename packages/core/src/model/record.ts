import type { RecordSource } from './record-source.ts'
import type { TopicPartition } from './topic-partition.ts'

/** A header as it stands on the wire. Kafka allows a null value and the same name more than once. */
export type HeaderEntry = readonly [name: string, value: Buffer | null]

/** The headers of a record in wire order. */
export class RecordHeaders implements Iterable<HeaderEntry> {
  static readonly none: RecordHeaders = new RecordHeaders([])
  readonly #entries: readonly HeaderEntry[]
  #bytes: number | undefined

  constructor(entries: readonly HeaderEntry[]) {
    this.#entries = entries
  }

  static of(entries: readonly HeaderEntry[]): RecordHeaders {
    return entries.length === 0 ? RecordHeaders.none : new RecordHeaders(entries)
  }

  get size(): number {
    return this.#entries.length
  }

  /** What they count for in the limits on bytes, as `headerBytes` has it. */
  get bytes(): number {
    this.#bytes ??= headerBytes(this.#entries)
    return this.#bytes
  }

  /** The last value of the name, as Kafka's `lastHeader`; `undefined` where the name is absent, `null` for a null value. */
  get(name: string): Buffer | null | undefined {
    return this.#entries.findLast(([entryName]) => entryName === name)?.[1]
  }

  /** All values of the name, in order. */
  getAll(name: string): (Buffer | null)[] {
    return this.#entries.filter(([entryName]) => entryName === name).map(([, value]) => value)
  }

  /** The last value of the name as UTF-8 text. */
  text(name: string): string | undefined {
    return this.get(name)?.toString('utf8')
  }

  [Symbol.iterator](): Iterator<HeaderEntry> {
    return this.#entries[Symbol.iterator]()
  }

  toJSON(): [string, string | null][] {
    return this.#entries.map(([name, value]) => [name, value === null ? null : value.toString('base64')])
  }
}

/** A record of a topic, immutable. `Key` and `Value` are bytes unless a decoder says otherwise. */
export interface ConsumerRecord<Value = Buffer | null, Key = Buffer | null, Headers = RecordHeaders>
  extends TopicPartition {
  readonly offset: number
  /** Milliseconds since 1970, set by the producer or the broker (`message.timestamp.type`). */
  readonly timestamp: number
  readonly key: Key
  readonly value: Value
  readonly headers: Headers
}

/** Where a record was first, before any retry topic. */
export interface RecordOrigin extends TopicPartition {
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

/** What a driver hands over: consecutive records of one partition, fetched under one epoch. */
export interface RecordBatch extends TopicPartition {
  readonly epoch: number
  readonly records: RecordSource
  /** The position after this batch; past the last record where the log ends in control or compacted records. */
  readonly nextOffset: number
  /** The end of what this consumer may read, as the fetch saw it: with `read_committed` the last stable offset. */
  readonly highWatermark: number
}

/** About what the objects of a record take in memory, whatever its size. */
const RECORD_OVERHEAD_BYTES = 512

/** About what the objects of a header take: a record of many small ones takes far more than its bytes on the wire. */
const HEADER_OVERHEAD_BYTES = 256

/** What headers count for in the limits on bytes: names, values and a constant for each. */
export function headerBytes(entries: readonly HeaderEntry[]): number {
  let bytes = 0
  for (const [name, value] of entries) bytes += HEADER_OVERHEAD_BYTES + name.length + (value?.length ?? 0)
  return bytes
}

/** What a record counts for in the limits on bytes: key, value, headers by `headerBytes`, and a constant for the rest. */
export function recordBytes({ key, value }: Pick<ConsumerRecord, 'key' | 'value'>, bytesOfHeaders: number): number {
  return RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + bytesOfHeaders
}
