import { InternalFault } from '../fault.ts'
import { magicAt } from './batch-header.ts'
import type { DecodedMessage } from './batch-records.ts'
import type { Budget } from './budget.ts'
import { Bytes } from './bytes.ts'
import { inflate } from './inflate.ts'
import type { Asked, DecodedEntry } from './record-set.ts'

const CODEC_MASK = 0x07
/** An offset and a length. */
const FRAME_BYTES = 12
const UNKNOWN = '-1'

/** A message of the formats 0 and 1, which logs from before Kafka 0.11 can still hold. */
interface OldMessage extends DecodedMessage {
  readonly magicByte: number
  readonly attributes: number
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: object
  readonly isControlRecord: boolean
  readonly batchContext: object
}

const NO_BATCH = Object.freeze({ producerId: UNKNOWN, inTransaction: false })

/** Reads such messages one after the other, up to the end of the set or to a batch of format 2. */
export async function readOldMessages(set: Buffer, start: number, asked: Asked, budget: Budget): Promise<DecodedEntry> {
  const messages: OldMessage[] = []
  let endOffset = asked.position
  let at = start
  try {
    for (; at < set.length && isOld(magicAt(set, at)); at = endOf(set, at)) {
      if (endOf(set, at) > set.length && (at > start || set.length >= asked.maxBytes)) break
      const message = readMessage(set, at)
      const found = await unpack(message, budget)
      budget.records -= found.length
      for (const each of found) {
        const offset = offsetOf(each, asked)
        if (offset < asked.position) continue
        if (offset < endOffset) throw corrupt(`offset ${offset} behind ${endOffset - 1}`)
        messages.push(each)
        endOffset = offset + 1
      }
    }
  } catch (error) {
    const reason = error instanceof InternalFault ? error : corrupt((error as Error).message)
    return {
      messages,
      failure: { firstOffset: endOffset, nextOffset: behind(set, at, endOffset, asked), kind: 'damaged', reason },
    }
  }
  // What was cut off ends the set.
  return { messages, end: { offset: endOffset, at: isOld(magicAt(set, at)) ? set.length : at } }
}

function isOld(magic: number | undefined): boolean {
  return magic === 0 || magic === 1
}

function endOf(set: Buffer, at: number): number {
  return at + FRAME_BYTES + set.readInt32BE(at + 8)
}

/** @throws where it cannot be an offset of the log */
function offsetOf({ offset }: OldMessage, { logEnd }: Asked): number {
  const number = Number(offset)
  if (number >= 0 && Number.isSafeInteger(number + 1) && (logEnd < 0 || number < logEnd)) return number
  throw corrupt(`offset ${offset} of ${logEnd}`)
}

/** Where the log goes on behind a message that cannot be decoded; undefined where its offset cannot be either. */
function behind(set: Buffer, at: number, least: number, { logEnd }: Asked): number | undefined {
  const offset = Number(set.readBigInt64BE(at))
  return offset >= least && Number.isSafeInteger(offset + 1) && (logEnd < 0 || offset < logEnd) ? offset + 1 : undefined
}

function readMessage(set: Buffer, at: number): OldMessage {
  const outer = new Bytes(set, at)
  const offset = String(outer.int64())
  const bytes = new Bytes(outer.take(outer.int32(), 'a message'))
  bytes.int32()
  const magicByte = bytes.int8()
  const attributes = bytes.int8()
  if (!isOld(magicByte)) throw corrupt(`message format ${magicByte} within an older one`)
  const timestamp = magicByte === 1 ? String(bytes.int64()) : UNKNOWN
  const [key, value] = [nullable(bytes, 'a key'), nullable(bytes, 'a value')]
  if (bytes.left > 0) throw corrupt(`${bytes.left} bytes behind its value`)
  const rest = { headers: {}, isControlRecord: false, batchContext: NO_BATCH }
  return { offset, magicByte, attributes, timestamp, key, value, ...rest }
}

function nullable(bytes: Bytes, what: string): Buffer | null {
  const length = bytes.int32()
  return length === -1 ? null : bytes.take(length, what)
}

/** The messages within a compressed one; of format 1 they have offsets of their own that count from 0. */
async function unpack(wrapper: OldMessage, budget: Budget): Promise<OldMessage[]> {
  const codec = wrapper.attributes & CODEC_MASK
  if (codec === 0) return [wrapper]
  if (wrapper.value === null) throw corrupt('no value')
  const set = await inflate(codec, wrapper.value)
  budget.inflatedBytes -= set.length
  const found: OldMessage[] = []
  for (let at = 0; at < set.length; at = endOf(set, at)) found.push(readMessage(set, at))
  if (found.some(({ attributes }) => (attributes & CODEC_MASK) !== 0)) throw corrupt('compressed messages within it')
  const base = wrapper.magicByte === 0 ? 0 : Number(wrapper.offset) - Number(found.at(-1)?.offset ?? 0)
  return base === 0 ? found : found.map((each) => ({ ...each, offset: String(Number(each.offset) + base) }))
}

function corrupt(reason: string): InternalFault {
  return new InternalFault('HF_CODEC', `a message is corrupt: it has ${reason}`)
}
