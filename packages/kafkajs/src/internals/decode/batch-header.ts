import { Bytes } from './bytes.ts'

/** Up to the records: what stands before them is never compressed. */
export const HEADER_BYTES = 61
/** The offset and the length, which the length itself does not count. */
export const PREFIX_BYTES = 12
const MAGIC_OFFSET = 16

const CODEC_MASK = 0x07
const LOG_APPEND_TIME_FLAG = 0x08
const TRANSACTIONAL_FLAG = 0x10
const CONTROL_FLAG = 0x20

/** The head of a record batch of message format 2 (KIP-98). */
export interface BatchHeader {
  readonly baseOffset: number
  /** All of it, in bytes. */
  readonly size: number
  readonly partitionLeaderEpoch: number
  readonly crc: number
  readonly codec: number
  readonly isLogAppendTime: boolean
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly lastOffset: number
  readonly firstTimestamp: string
  readonly maxTimestamp: string
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly count: number
}

/** The message format of the entry that begins at an offset; undefined where its head is cut off. */
export function magicAt(set: Buffer, offset: number): number | undefined {
  return set.length - offset > MAGIC_OFFSET ? set.readInt8(offset + MAGIC_OFFSET) : undefined
}

/** Undefined where less than a head is left: brokers cut the last batch of a response anywhere. */
export function readBatchHeader(set: Buffer, offset: number): BatchHeader | undefined {
  if (set.length - offset < HEADER_BYTES) return undefined
  const bytes = new Bytes(set, offset)
  const baseOffset = Number(bytes.int64())
  const size = bytes.int32() + PREFIX_BYTES
  const partitionLeaderEpoch = bytes.int32()
  bytes.int8()
  const crc = bytes.int32() >>> 0
  const attributes = bytes.int16()
  return {
    baseOffset,
    size,
    partitionLeaderEpoch,
    crc,
    codec: attributes & CODEC_MASK,
    isLogAppendTime: (attributes & LOG_APPEND_TIME_FLAG) !== 0,
    isTransactional: (attributes & TRANSACTIONAL_FLAG) !== 0,
    isControl: (attributes & CONTROL_FLAG) !== 0,
    lastOffset: baseOffset + bytes.int32(),
    firstTimestamp: String(bytes.int64()),
    maxTimestamp: String(bytes.int64()),
    producerId: String(bytes.int64()),
    producerEpoch: bytes.int16(),
    firstSequence: bytes.int32(),
    count: bytes.int32(),
  }
}

/**
 * Whether its offsets can be what a head says: numbers, in order, and within the log, past whose end no broker sends anything.
 * The checksum does not cover them, and no position is moved by others.
 */
export function isPlausible({ baseOffset, lastOffset }: BatchHeader, logEnd: number): boolean {
  const isRange = baseOffset >= 0 && lastOffset >= baseOffset && Number.isSafeInteger(lastOffset + 1)
  return isRange && (logEnd < 0 || lastOffset < logEnd)
}
