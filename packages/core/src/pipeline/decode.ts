import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import { readable } from '../errors/readable.ts'
import type { ConsumerRecord, RecordHeaders } from '../model/record.ts'
import { isThenable } from '../model/thenable.ts'
import { partitionName } from '../model/topic-partition.ts'
import { RetryLater, Skip } from '../policy/verdicts.ts'
import { checked, type Decoder } from './decoders.ts'
import type { HandlerOptions } from './handler.ts'
import { TooDeep } from './json-guard.ts'
import { checkLimits, type RecordLimits } from './record-limits.ts'

export type DecodedRecord = ConsumerRecord<unknown, unknown, unknown>
export type DecodeRecord = (record: ConsumerRecord) => DecodedRecord | Promise<DecodedRecord>

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

type Part = 'key' | 'value' | 'headers'

/**
 * The decoding that a handler asked for, as one function. Without decoders the record passes as it is. It throws, or
 * rejects with, `HF_DECODE_FAILED` or `HF_RECORD_LIMIT`.
 */
export function recordDecoder(options: HandlerOptions<unknown, unknown, unknown>, limits: RecordLimits): DecodeRecord {
  const { key, value, headers } = options
  if (key === undefined && value === undefined && headers === undefined) {
    return (record) => {
      checkLimits(record, limits)
      return record
    }
  }
  const decodeHeaders = headers && ((record: ConsumerRecord) => checked(headers, headerTexts(record.headers)))
  return (record) => {
    checkLimits(record, limits)
    const parts: unknown[] = []
    try {
      parts.push(decodePart(record, 'key', key && (() => apply(key, record.key))))
      parts.push(decodePart(record, 'value', value && (() => apply(value, record.value))))
      parts.push(decodePart(record, 'headers', decodeHeaders && (() => decodeHeaders(record))))
    } catch (error) {
      forget(parts)
      throw error
    }
    return parts.some((part) => part instanceof Promise)
      ? Promise.all(parts).then((settled) => withParts(record, settled))
      : withParts(record, parts)
  }
}

/** One part has failed already: what others reject with would be caught by nobody. */
function forget(parts: readonly unknown[]): void {
  for (const part of parts) if (part instanceof Promise) part.catch(() => undefined)
}

function apply(decoder: Decoder<unknown>, bytes: Buffer | null): unknown {
  return decoder(bytes)
}

function withParts(record: ConsumerRecord, [key, value, headers]: readonly unknown[]): DecodedRecord {
  const { topic, partition, offset, timestamp } = record
  return { topic, partition, offset, timestamp, key, value, headers }
}

function decodePart(record: ConsumerRecord, part: Part, decode: (() => unknown) | undefined): unknown {
  if (decode === undefined) return record[part]
  try {
    const decoded = decode()
    if (!isThenable(decoded)) return decoded
    return Promise.resolve(decoded).catch((error: unknown) => {
      throw decodeFailure(record, part, error)
    })
  } catch (error) {
    throw decodeFailure(record, part, error)
  }
}

/** What a decoder says of itself is not about the record: with its registry away, say, all records would be dead. */
function decodeFailure(record: ConsumerRecord, part: Part, thrown: unknown): Error {
  const cause = readable(thrown)
  if (cause instanceof RetryLater || cause instanceof Skip) return cause
  const { topic, partition, offset } = record
  const absent = part !== 'headers' && record[part] === null ? ` The ${part} is null.` : ''
  return new HoldfastError(
    cause instanceof TooDeep ? 'HF_RECORD_LIMIT' : 'HF_DECODE_FAILED',
    `the ${part} of ${partitionName(record)}@${offset} cannot be decoded: ${describeError(cause)}.${absent}`,
    { cause, details: { topic, partition, offset, part } },
  )
}

function headerTexts(headers: RecordHeaders): Record<string, string | null> {
  const texts: Record<string, string | null> = Object.create(null)
  for (const [name, value] of headers) texts[name] = value === null ? null : utf8.decode(value)
  return texts
}
