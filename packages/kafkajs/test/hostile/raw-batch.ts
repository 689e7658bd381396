import { gzipSync } from 'node:zlib'
import { requireInternal } from '../../src/internals/kafkajs.ts'
import { varInt } from '../internals/wire.ts'

/** Bytes of record batches, right or wrong in any field. */

const crc32c = requireInternal<(bytes: Buffer) => number>('protocol/recordBatch/crc32C')

export interface RawRecord {
  readonly key?: Buffer | string | null
  readonly value?: Buffer | string | null
  readonly headers?: readonly (readonly [name: Buffer | string, value: Buffer | string | null])[]
  readonly offsetDelta?: number
  readonly timestampDelta?: number
  /** Says a number of headers that is not theirs. */
  readonly headerCount?: number
}

export interface RawBatch {
  readonly baseOffset?: number | bigint
  readonly records?: readonly RawRecord[]
  /** What stands behind the head, as it is. @default the records, gzipped where the codec is 1 */
  readonly body?: Buffer
  readonly codec?: number
  readonly attributes?: number
  readonly magic?: number
  /** What the head says, where it is not so. */
  readonly count?: number
  readonly lastOffsetDelta?: number
  readonly length?: number
  readonly crc?: number
  readonly firstTimestamp?: number | bigint
  readonly maxTimestamp?: number | bigint
  readonly producerId?: number | bigint
}

const GZIP = 1
const NOW = 1_767_225_600_000

export function rawBatch(batch: RawBatch = {}): Buffer {
  const { records = [{ value: 'v' }], codec = 0, firstTimestamp = NOW } = batch
  const plain = Buffer.concat(records.map((record, index) => rawRecord({ offsetDelta: index, ...record })))
  const body = batch.body ?? (codec === GZIP ? gzipSync(plain) : plain)
  const checked = Buffer.concat([
    int16((batch.attributes ?? 0) | codec),
    int32(batch.lastOffsetDelta ?? (batch.count ?? records.length) - 1),
    int64(firstTimestamp),
    int64(batch.maxTimestamp ?? firstTimestamp),
    int64(batch.producerId ?? -1),
    int16(-1),
    int32(-1),
    int32(batch.count ?? records.length),
    body,
  ])
  const rest = Buffer.concat([
    int32(0),
    Buffer.from([batch.magic ?? 2]),
    int32((batch.crc ?? crc32c(checked)) | 0),
    checked,
  ])
  return Buffer.concat([int64(batch.baseOffset ?? 0), int32(batch.length ?? rest.length), rest])
}

export function rawRecord(record: RawRecord): Buffer {
  const { key = null, value = null, headers = [], offsetDelta = 0, timestampDelta = 0 } = record
  const body = Buffer.concat([
    Buffer.from([0]),
    varInt(timestampDelta),
    varInt(offsetDelta),
    sized(key),
    sized(value),
    varInt(record.headerCount ?? headers.length),
    ...headers.flatMap(([name, headerValue]) => [sized(name), sized(headerValue)]),
  ])
  return Buffer.concat([varInt(body.length), body])
}

function sized(bytes: Buffer | string | null): Buffer {
  if (bytes === null) return varInt(-1)
  const buffer = Buffer.from(bytes as Buffer)
  return Buffer.concat([varInt(buffer.length), buffer])
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
