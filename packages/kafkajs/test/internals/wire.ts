import { requireInternal } from '../../src/internals/kafkajs.ts'

/** Bytes as a broker would send them, written without kafkajs where kafkajs cannot write them. */

export interface DecodedRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly offset: string
  readonly headers: Record<string, unknown>
}

interface DecoderInstance {
  readonly buffer: Buffer
  offset: number
}
export interface KafkajsDecoder {
  new (buffer: Buffer): DecoderInstance
  readonly prototype: Record<string, (...args: never[]) => unknown>
}

export const Decoder: KafkajsDecoder = requireInternal('protocol/decoder')

const decodeRecordBody = requireInternal<(decoder: object, context: object) => DecodedRecord>(
  'protocol/recordBatch/record/v0/decoder',
)
const decodeRecordBatch = requireInternal<(decoder: object) => Promise<{ readonly records: readonly DecodedRecord[] }>>(
  'protocol/recordBatch/v0/decoder',
)
const encodeRecordBatch = requireInternal<{
  RecordBatch(options: object): Promise<{ readonly buffer: Buffer }>
}>('protocol/recordBatch/v0')
const encodeRecord = requireInternal<(record: object) => object>('protocol/recordBatch/record/v0')

export function varInt(value: number): Buffer {
  const bytes: number[] = []
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return Buffer.from([...bytes, rest])
}

export type WireHeader = readonly [name: string, value: string | null]

export function headerBytes(name: string, value: string | null): Buffer {
  const nameBytes = Buffer.from(name)
  const head = [varInt(nameBytes.length), nameBytes]
  if (value === null) return Buffer.concat([...head, varInt(-1)])
  const valueBytes = Buffer.from(value)
  return Buffer.concat([...head, varInt(valueBytes.length), valueBytes])
}

/** A record whose header section is given as it is. */
export function recordWith(headerSection: Buffer): Buffer {
  const noKey = varInt(-1)
  const value = Buffer.concat([varInt(1), Buffer.from('v')])
  return Buffer.concat([Buffer.from([0]), varInt(0), varInt(0), noKey, value, headerSection])
}

export function record(headers: readonly WireHeader[]): Buffer {
  const section = [varInt(headers.length), ...headers.map(([n, v]) => headerBytes(n, v))]
  return recordWith(Buffer.concat(section))
}

export function decodeRecord(bytes: Buffer): DecodedRecord {
  const context = { firstOffset: '0', firstTimestamp: '0', magicByte: 2 }
  return decodeRecordBody(new Decoder(bytes), context)
}

export async function decodeBatch(bytes: Buffer): Promise<readonly DecodedRecord[]> {
  return (await decodeRecordBatch(new Decoder(bytes))).records
}

export async function encodeBatch(compression: number, values: readonly Buffer[]): Promise<Buffer> {
  const records = values.map((value, offsetDelta) =>
    encodeRecord({ offsetDelta, key: null, value, headers: { n: String(offsetDelta) } }),
  )
  return (await encodeRecordBatch.RecordBatch({ compression, records })).buffer
}
