import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { Random } from 'holdfast-chaos/random'
import { int32, int64, type RawRecord, rawBatch, rawRecord } from '../../packages/kafkajs/test/hostile/raw-batch.ts'

/** A record as it was written. */
export interface Written {
  readonly offset: number
  readonly value: string | null
}

/** One entry of a log: its bytes, and how they are made anew from other bytes of its records. */
export interface Entry {
  readonly records: readonly Written[]
  /** Where the next entry begins; offsets before it can be without a record. */
  readonly endOffset: number
  readonly plain: Buffer
  wrap(plain: Buffer): Buffer
}

const GZIP = 1
const ZSTD = 4
const MAX_RECORDS = 12
const MAX_HEADERS = 4
const MAX_GAP = 5

/** A batch of the format of now. */
export function batchFrom(baseOffset: number, random: Random): Entry {
  const codec = random.pick([0, 0, 0, GZIP, ZSTD])
  const isDense = random.next() < 0.8
  const records: Written[] = []
  const raw: RawRecord[] = []
  let offsetDelta = 0
  for (let index = random.below(MAX_RECORDS); index >= 0; index -= 1) {
    const value = random.next() < 0.1 ? null : `${baseOffset + offsetDelta} ${'x'.repeat(random.below(40))}`
    records.push({ offset: baseOffset + offsetDelta, value })
    raw.push({
      key: random.pick([null, '', 'key']),
      value,
      headers: headersFrom(random),
      offsetDelta,
      timestampDelta: 1,
    })
    offsetDelta += isDense ? 1 : 1 + random.below(MAX_GAP)
  }
  const head = { baseOffset, codec, count: raw.length, lastOffsetDelta: offsetDelta - 1 }
  return {
    records,
    endOffset: baseOffset + offsetDelta,
    plain: Buffer.concat(raw.map(rawRecord)),
    wrap: (plain) => rawBatch({ ...head, body: compressed(plain, codec) }),
  }
}

function headersFrom(random: Random): NonNullable<RawRecord['headers']> {
  return Array.from({ length: random.below(MAX_HEADERS) }, () => [
    random.pick(['', 'trace', '__proto__', 'constructor']),
    random.pick([null, '', 'value']),
  ])
}

function compressed(plain: Buffer, codec: number): Buffer {
  if (codec === GZIP) return gzipSync(plain)
  return codec === ZSTD ? zstdCompressSync(plain) : plain
}

/** A message of format 0 or 1, or some in one that is compressed. */
export function oldMessagesFrom(baseOffset: number, random: Random): Entry {
  const magic = random.pick([0, 1])
  const count = 1 + random.below(MAX_RECORDS)
  const isCompressed = count > 1
  const records = Array.from({ length: count }, (_, index) => ({
    offset: baseOffset + index,
    value: `${baseOffset + index}`,
  }))
  // Those of format 1 count from 0 within a compressed one.
  const inner = records.map(({ offset, value }) =>
    oldMessage(isCompressed && magic === 1 ? offset - baseOffset : offset, magic, 0, Buffer.from(value)),
  )
  const wrap = (plain: Buffer): Buffer =>
    isCompressed ? oldMessage(baseOffset + count - 1, magic, GZIP, gzipSync(plain)) : plain
  return { records, endOffset: baseOffset + count, plain: Buffer.concat(inner), wrap }
}

function oldMessage(offset: number, magic: number, attributes: number, value: Buffer): Buffer {
  const time = magic === 1 ? [int64(1)] : []
  const rest = [int32(0), Buffer.from([magic, attributes]), ...time, int32(-1), int32(value.length), value]
  const body = Buffer.concat(rest)
  return Buffer.concat([int64(offset), int32(body.length), body])
}
