import type { Undecodable, UndecodableKind } from '@holdfast/core'
import { InternalFault } from '../fault.ts'
import { type BatchHeader, HEADER_BYTES, hasOffsets, isPlausible, magicAt, readBatchHeader } from './batch-header.ts'
import { type DecodedMessage, readRecords } from './batch-records.ts'
import { type Budget, isSpent } from './budget.ts'
import { crc32c } from './crc32c.ts'
import { inflate } from './inflate.ts'
import { readOldMessages } from './old-messages.ts'

const MAGIC = 2
/** What the checksum of a batch covers begins here. */
const CHECKED_FROM = 21

/** What was asked for. */
export interface Asked {
  readonly position: number
  readonly maxBytes: number
  /** Whether checksums are looked at also where a batch can be decoded. */
  readonly checkCrcs?: boolean
  /** Negative where the broker did not say it. */
  readonly logEnd: number
}

/** What the record set of a partition comes to. */
export interface DecodedSet {
  readonly messages: readonly DecodedMessage[]
  /** One past the last batch that was read whole; undefined where none was. */
  readonly endOffset?: number | undefined
  /** What stands at the position; set only where nothing else came of the set. */
  readonly undecodable?: Undecodable | undefined
}

/** What an entry of a set comes to: a batch, or all that is left in one of the older formats. */
export interface DecodedEntry {
  readonly messages: readonly DecodedMessage[]
  /** Set where it was read whole. */
  readonly end?: { readonly offset: number; readonly at: number }
  /** What stands behind its messages. */
  readonly failure?: Undecodable
}

/**
 * Reads batch after batch, as far as that goes: what cannot be decoded ends it, and is told when it stands at the position.
 * So all before it is handed over first, and no other partition of the response is touched by it.
 */
export async function decodeRecordSet(set: Buffer, asked: Asked, budget: Budget): Promise<DecodedSet> {
  const messages: DecodedMessage[] = []
  let endOffset: number | undefined
  let at = 0
  while (at < set.length && !isSpent(budget)) {
    const reading = readEntry(set, at, asked, budget)
    const entry = reading instanceof Promise ? await reading : reading
    // A set that is too large to spread into a call is one that any producer can send.
    for (const message of entry.messages) messages.push(message)
    const isStill = messages.length === 0 && (endOffset ?? asked.position) <= asked.position
    if (entry.failure !== undefined && isStill) return { messages, undecodable: entry.failure }
    if (entry.end === undefined) break
    endOffset = entry.end.offset
    at = entry.end.at
  }
  // Without progress it would be fetched again at once, and again.
  const isEndless = messages.length === 0 && at >= set.length && (endOffset ?? 0) <= asked.position
  return isEndless ? { messages, undecodable: before(asked) } : { messages, endOffset }
}

function readEntry(set: Buffer, at: number, asked: Asked, budget: Budget): DecodedEntry | Promise<DecodedEntry> {
  const magic = magicAt(set, at)
  if (magic === 0 || magic === 1) return readOldMessages(set, at, asked, budget)
  const header = readBatchHeader(set, at)
  if (header === undefined || at + header.size > set.length) return cutOff(set, at, asked, header)
  if (magic !== MAGIC) return failed(corrupt(`message format ${magic}`), asked, undefined)
  if (header.size < HEADER_BYTES) return failed(corrupt(`${header.size} bytes`), asked, header)
  if (!hasOffsets(header))
    return failed(corrupt(`offsets ${header.baseOffset} to ${header.lastOffset}`), asked, undefined)
  return readBatch(set, at, header, asked, budget)
}

/** Brokers cut the last batch of a set anywhere, but the first one only where all that was asked for is filled with it. */
function cutOff(set: Buffer, at: number, asked: Asked, header: BatchHeader | undefined): DecodedEntry {
  if (at > 0 || set.length >= asked.maxBytes) return { messages: [] }
  return failed(
    corrupt(`${header?.size ?? HEADER_BYTES} bytes or more, of which ${set.length} are there`),
    asked,
    header,
  )
}

function readBatch(
  set: Buffer,
  at: number,
  header: BatchHeader,
  asked: Asked,
  budget: Budget,
): DecodedEntry | Promise<DecodedEntry> {
  const end = { offset: header.lastOffset + 1, at: at + header.size }
  if (header.lastOffset < asked.position) return { messages: [], end: { ...end, offset: asked.position } }
  const broken = (reason: Error): DecodedEntry => failed(reason, asked, header, kindOf(reason, set, at, header))
  const take = (body: Buffer): DecodedEntry => {
    if (header.codec !== 0) budget.inflatedBytes -= body.length
    const { messages, isWhole, failure } = readRecords(header, body, asked.position, budget)
    if (failure === undefined) return isWhole ? { messages, end } : { messages }
    return { messages, failure: { ...failure, kind: kindOf(failure.reason, set, at, header) } }
  }
  try {
    if (asked.checkCrcs && !holdsChecksum(set, at, header)) return failed(corrupt('another checksum'), asked, header)
    const body = inflate(header.codec, set.subarray(at + HEADER_BYTES, end.at))
    return body instanceof Promise ? body.then(take, broken) : take(body)
  } catch (error) {
    return broken(error as Error)
  }
}

function holdsChecksum(set: Buffer, at: number, { crc, size }: BatchHeader): boolean {
  return crc32c(set, at + CHECKED_FROM, at + size) === crc
}

/** Whether the batch was written like that, or has been damaged since. */
function kindOf(reason: Error, set: Buffer, at: number, header: BatchHeader): UndecodableKind {
  if (!holdsChecksum(set, at, header)) return 'damaged'
  return reason instanceof InternalFault && reason.code === 'HF_CODEC_MISSING' ? 'unsupported' : 'written'
}

function failed(
  reason: Error,
  { position, logEnd }: Asked,
  header: BatchHeader | undefined,
  kind: UndecodableKind = 'damaged',
): DecodedEntry {
  const isKnown = header !== undefined && isPlausible(header, position, logEnd)
  const firstOffset = isKnown ? Math.max(position, header.baseOffset) : position
  const nextOffset = isKnown ? header.lastOffset + 1 : undefined
  return { messages: [], failure: { firstOffset, nextOffset, kind, reason } }
}

function before({ position }: Asked): Undecodable {
  const reason = corrupt(`no end at ${position} or behind it`)
  return { firstOffset: position, nextOffset: undefined, kind: 'damaged', reason }
}

function corrupt(reason: string): InternalFault {
  return new InternalFault('HF_CODEC', `a record batch is corrupt: it has ${reason}`)
}
