import type { Undecodable, UndecodableKind } from '@holdfast/core'
import { InternalFault } from '../fault.ts'
import { type BatchHeader, HEADER_BYTES, isPlausible, magicAt, readBatchHeader } from './batch-header.ts'
import { type DecodedMessage, type Failure, readRecords } from './batch-records.ts'
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

/** What is wanted of an entry: from a position that what stands before it has moved, or from the first one. */
interface Wanted extends Asked {
  readonly isFirst: boolean
}

/** Where a batch stands. */
interface Place {
  readonly set: Buffer
  readonly at: number
  readonly header: BatchHeader
  readonly asked: Wanted
}

/** What the record set of a partition comes to. */
export interface DecodedSet {
  readonly messages: readonly DecodedMessage[]
  /** One past the last batch that was read whole, else the position. */
  readonly endOffset?: number
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
  let { position } = asked
  let at = 0
  while (at < set.length && !isSpent(budget)) {
    const reading = readEntry(set, at, { ...asked, position, isFirst: position === asked.position }, budget)
    const entry = reading instanceof Promise ? await reading : reading
    // A set that is too large to spread into a call is one that any producer can send.
    for (const message of entry.messages) messages.push(message)
    const isStill = messages.length === 0 && position === asked.position
    if (entry.failure !== undefined && isStill) return { messages, undecodable: entry.failure }
    if (entry.end === undefined) break
    position = entry.end.offset
    at = entry.end.at
  }
  // Without progress it would be fetched again at once, and again.
  const isEndless = messages.length === 0 && at >= set.length && position === asked.position
  return isEndless ? { messages, undecodable: endless(asked) } : { messages, endOffset: position }
}

function readEntry(set: Buffer, at: number, asked: Wanted, budget: Budget): DecodedEntry | Promise<DecodedEntry> {
  const magic = magicAt(set, at)
  if (magic === 0 || magic === 1) return readOldMessages(set, at, asked, budget)
  const header = readBatchHeader(set, at)
  if (header === undefined || at + header.size > set.length) return cutOff(set, at, asked, header)
  const { baseOffset, lastOffset, size } = header
  if (magic !== MAGIC) return failed(corrupt(`message format ${magic}`), asked.position)
  if (!isPlausible(header, asked.logEnd))
    return failed(corrupt(`offsets ${baseOffset} to ${lastOffset}, of ${asked.logEnd}`), asked.position)
  const place = { set, at, header, asked }
  if (size < HEADER_BYTES) return broken(corrupt(`${size} bytes`), place)
  if (lastOffset < asked.position && asked.isFirst)
    return { messages: [], end: { offset: asked.position, at: at + size } }
  // Only the first batches of a set can begin before the position.
  if (baseOffset < asked.position && !asked.isFirst) return { messages: [] }
  return readBatch(place, budget)
}

/** Brokers cut the last batch of a set anywhere, but the first one only where all that was asked for is filled with it. */
function cutOff(set: Buffer, at: number, asked: Wanted, header: BatchHeader | undefined): DecodedEntry {
  if (!asked.isFirst || set.length >= asked.maxBytes) return { messages: [] }
  const reason = corrupt(`${header?.size ?? HEADER_BYTES} bytes or more, of which ${set.length} are there`)
  return header === undefined ? failed(reason, asked.position) : broken(reason, { set, at, header, asked })
}

function readBatch(place: Place, budget: Budget): DecodedEntry | Promise<DecodedEntry> {
  const { set, at, header, asked } = place
  const end = { offset: header.lastOffset + 1, at: at + header.size }
  const take = (body: Buffer): DecodedEntry => {
    if (header.codec !== 0) budget.inflatedBytes -= body.length
    const { messages, isWhole, failure } = readRecords(header, body, asked.position, budget)
    if (failure !== undefined) return { messages, failure: toldOf(failure, place) }
    if (!isWhole) return { messages }
    // Compaction can have taken the last record. Without it nothing but the checksum speaks for the end that the head says.
    const isReached = messages.at(-1)?.offset === String(header.lastOffset)
    return isReached || holdsChecksum(place) ? { messages, end } : broken(corrupt('an end without a record'), place)
  }
  try {
    if (asked.checkCrcs && !holdsChecksum(place)) return broken(corrupt('another checksum'), place)
    const body = inflate(header.codec, set.subarray(at + HEADER_BYTES, end.at))
    return body instanceof Promise ? body.then(take, (error: Error) => broken(error, place)) : take(body)
  } catch (error) {
    return broken(error as Error, place)
  }
}

/** A batch of which nothing can be had. */
function broken(reason: Error, place: Place): DecodedEntry {
  const { header, asked } = place
  const firstOffset = Math.max(asked.position, header.baseOffset)
  const failure = toldOf({ firstOffset, nextOffset: header.lastOffset + 1, reason }, place)
  return failure.nextOffset === undefined ? failed(reason, asked.position) : { messages: [], failure }
}

/** Where the log goes on behind a failure: within its batch, or behind the batch as far as that can be believed. */
function toldOf(failure: Failure, place: Place): Undecodable {
  const kind = kindOf(failure.reason, place)
  const isRest = failure.nextOffset === place.header.lastOffset + 1
  const nextOffset = isRest ? extentOf(place, kind) : failure.nextOffset
  const isBehind = nextOffset !== undefined && nextOffset > failure.firstOffset
  return { ...failure, nextOffset: isBehind ? nextOffset : undefined, kind }
}

/** Of a batch that is damaged the head can be, too: the batch behind it says where it ends, or its own number of records does. */
function extentOf({ set, at, header, asked }: Place, kind: UndecodableKind): number | undefined {
  const { baseOffset, lastOffset, size, count } = header
  if (!isPlausible(header, asked.logEnd)) return undefined
  if (kind !== 'damaged') return lastOffset + 1
  const next = size < HEADER_BYTES || magicAt(set, at + size) !== MAGIC ? undefined : readBatchHeader(set, at + size)
  if (next !== undefined && isPlausible(next, asked.logEnd)) return Math.min(next.baseOffset, lastOffset + 1)
  return count === lastOffset - baseOffset + 1 ? lastOffset + 1 : undefined
}

/** Whether the batch was written like that, or has been damaged since. */
function kindOf(reason: Error, place: Place): UndecodableKind {
  if (!holdsChecksum(place)) return 'damaged'
  return reason instanceof InternalFault && reason.code === 'HF_CODEC_MISSING' ? 'unsupported' : 'written'
}

function holdsChecksum({ set, at, header: { crc, size } }: Place): boolean {
  return at + size <= set.length && crc32c(set, at + CHECKED_FROM, at + size) === crc
}

/** What stands at the position, and nobody can say where it ends. */
function failed(reason: Error, position: number): DecodedEntry {
  return { messages: [], failure: { firstOffset: position, nextOffset: undefined, kind: 'damaged', reason } }
}

function endless({ position }: Asked): Undecodable {
  const reason = corrupt(`no end at ${position} or behind it`)
  return { firstOffset: position, nextOffset: undefined, kind: 'damaged', reason }
}

function corrupt(reason: string): InternalFault {
  return new InternalFault('HF_CODEC', `a record batch is corrupt: it has ${reason}`)
}
