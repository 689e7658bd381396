import { InternalFault } from '../fault.ts'
import { requireInternal } from '../kafkajs.ts'
import type { BatchHeader } from './batch-header.ts'
import { type Budget, isSpent } from './budget.ts'

/** A message as kafkajs makes it; its offset is a text. */
export interface DecodedMessage {
  readonly offset: string
}

/** Offsets that are lost. */
export interface Failure {
  readonly firstOffset: number
  readonly nextOffset: number
  readonly reason: Error
}

/** What can be had of a batch. */
export interface BatchRecords {
  readonly messages: readonly DecodedMessage[]
  /** Whether all of it was read. */
  readonly isWhole: boolean
  /** What stands behind the messages. */
  readonly failure?: Failure
}

interface Decoder {
  readonly buffer: Buffer
  offset: number
  readVarInt(): number
  readVarLong(): unknown
}

const Decoder: new (buffer: Buffer) => Decoder = requireInternal('protocol/decoder')
const decodeRecord: (decoder: Decoder, context: object) => DecodedMessage = requireInternal(
  'protocol/recordBatch/record/v0/decoder',
)

/** Attributes, two deltas, and three lengths of what is absent; and the length of all that. */
const SMALLEST_RECORD_BYTES = 6
const SMALLEST_FRAMED_BYTES = 7
const MAGIC = 2

/**
 * The records of a batch from the position on. A record that cannot be decoded ends them: those before it count, and those
 * behind it come when it has been passed. Of one that is whole but for its content only its own offset is lost.
 */
export function readRecords(header: BatchHeader, body: Buffer, position: number, budget: Budget): BatchRecords {
  const reader = new RecordReader(header, body, position)
  try {
    reader.checkCount()
    while (reader.hasNext) {
      if (isSpent(budget) && reader.messages.length > 0) return { messages: reader.messages, isWhole: false }
      if (reader.next()) budget.records -= 1
    }
    return { messages: reader.messages, isWhole: true }
  } catch (error) {
    return { messages: reader.messages, isWhole: false, failure: reader.failureBy(error as Error) }
  } finally {
    reader.end()
  }
}

class RecordReader {
  readonly messages: DecodedMessage[] = []
  readonly #header: BatchHeader
  readonly #context: BatchContext
  readonly #outer: Decoder
  readonly #position: number
  /** The next message has this offset, or a later one. */
  #least: number
  /** All before it lies before the position. */
  #passed: number
  #left: number
  /** The record that is being read, where its bounds are known. */
  #record: Buffer | undefined

  constructor(header: BatchHeader, body: Buffer, position: number) {
    this.#header = header
    this.#context = contextOf(header)
    this.#outer = new Decoder(body)
    this.#position = position
    this.#least = Math.max(header.baseOffset, position)
    this.#passed = header.baseOffset
    this.#left = header.count
  }

  get hasNext(): boolean {
    return this.#left > 0
  }

  checkCount(): void {
    const { count } = this.#header
    const bytes = this.#outer.buffer.length
    if (count < 0 || count * SMALLEST_FRAMED_BYTES > bytes) throw corrupt(`${count} records in ${bytes} bytes`)
  }

  /** Whether the record counts: what lies before the position is passed over. */
  next(): boolean {
    this.#record = undefined
    const outer = this.#outer
    const bytes = outer.readVarInt()
    const end = outer.offset + bytes
    if (bytes < SMALLEST_RECORD_BYTES || end > outer.buffer.length) throw corrupt(`a record of ${bytes} bytes`)
    const record = outer.buffer.subarray(outer.offset, end)
    this.#record = record
    this.#left -= 1
    outer.offset = end
    if (this.#passes(record)) return false
    const decoder = new Decoder(record)
    const message = decodeRecord(decoder, this.#context)
    if (decoder.offset !== bytes) throw corrupt(`a record of ${bytes} bytes ends after ${decoder.offset}`)
    this.#checkOffset(message)
    this.messages.push(message)
    return true
  }

  /** An offset that is not to be believed is no reason to pass its record. */
  #passes(record: Buffer): boolean {
    if (this.#passed >= this.#position) return false
    const offset = this.#offsetOf(record)
    if (offset < this.#passed || offset > this.#header.lastOffset)
      throw corrupt(`offset ${offset} behind ${this.#passed - 1}`)
    this.#passed = offset + 1
    return offset < this.#position
  }

  /** Offsets grow, and stay within what the head says: with one that does not, the position would leave the log. */
  #checkOffset({ offset }: DecodedMessage): void {
    const { lastOffset } = this.#header
    const number = Number(offset)
    if (number < this.#least || number > lastOffset)
      throw corrupt(`offset ${offset} where ${this.#least} to ${lastOffset} can be`)
    this.#least = number + 1
  }

  /** All records are read that will be. */
  end(): void {
    const { baseOffset, firstTimestamp } = this.#header
    this.#context.firstOffset = String(baseOffset)
    this.#context.firstTimestamp = firstTimestamp
  }

  /** What is lost: one offset where the bounds of its record hold, else all that is left of the batch. */
  failureBy(error: Error): Failure {
    const { lastOffset } = this.#header
    const firstOffset = this.#least
    const rest = { firstOffset: Math.min(firstOffset, lastOffset), nextOffset: lastOffset + 1 }
    const reason = error instanceof InternalFault ? error : corrupt(error.message)
    if (this.#record === undefined || this.#left === 0) return { ...rest, reason }
    const offset = this.#offsetOf(this.#record)
    const isPlausible = offset >= firstOffset && offset < lastOffset
    return isPlausible ? { firstOffset: offset, nextOffset: offset + 1, reason } : { ...rest, reason }
  }

  #offsetOf(record: Buffer): number {
    const decoder = new Decoder(record)
    decoder.offset = 1
    decoder.readVarLong()
    return this.#header.baseOffset + decoder.readVarInt()
  }
}

/** What kafkajs keeps of a batch beside each of its messages. */
interface BatchContext {
  firstOffset: string | KafkajsLong
  firstTimestamp: string | KafkajsLong
}

/** A number as kafkajs holds it: a text would be read anew for each record that is counted from it. */
interface KafkajsLong {
  readonly value: bigint
}

function contextOf(header: BatchHeader): BatchContext {
  const { baseOffset, lastOffset, isTransactional, isControl, isLogAppendTime } = header
  const { partitionLeaderEpoch, firstTimestamp, maxTimestamp, producerId, producerEpoch, firstSequence } = header
  const context: BatchContext & Readonly<Record<string, unknown>> = {
    firstOffset: { value: BigInt(baseOffset) },
    firstTimestamp: { value: BigInt(firstTimestamp) },
    partitionLeaderEpoch,
    inTransaction: isTransactional,
    isControlBatch: isControl,
    lastOffsetDelta: lastOffset - baseOffset,
    producerId,
    producerEpoch,
    firstSequence,
    maxTimestamp,
    timestampType: isLogAppendTime ? 1 : 0,
    magicByte: MAGIC,
  }
  return context
}

function corrupt(reason: string): InternalFault {
  return new InternalFault('HF_CODEC', `a record batch is corrupt: ${reason}`)
}
