import { HoldfastError } from '../errors/holdfast-error.ts'
import type { HeaderEntry } from '../model/record.ts'
import type { OutgoingRecord } from '../ports/driver.ts'

type Text = string | Buffer | null

/** A record that a handler produces. Text is written as UTF-8. */
export interface Output {
  readonly topic: string
  /** @default null */
  readonly key?: Text
  /** @default null */
  readonly value?: Text
  /** By name, or as entries in their order. @default none */
  readonly headers?: Readonly<Record<string, Text>> | Iterable<readonly [name: string, value: Text]>
  /** @default by the key as Kafka's default partitioner does; without a key any */
  readonly partition?: number
  /** Milliseconds since 1970. @default now, when it is written */
  readonly timestamp?: number
}

/**
 * The bytes to write, copied where they are the caller's, who may use them again.
 * @throws HF_OUTPUT_INVALID
 */
export function outgoingOf(output: Output): OutgoingRecord {
  if (typeof output !== 'object' || output === null) throw invalid('it is no object', String(output))
  const { topic, key = null, value = null, headers = {}, partition, timestamp } = output
  if (typeof topic !== 'string' || topic === '') throw invalid('its topic is no name', String(topic))
  if (partition !== undefined && (!Number.isInteger(partition) || partition < 0))
    throw invalid(`its partition is ${String(partition)}`, topic)
  if (timestamp !== undefined && !Number.isSafeInteger(timestamp))
    throw invalid(`its timestamp is ${String(timestamp)}`, topic)
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers)
  return {
    topic,
    key: toBytes(key, 'key', topic),
    value: toBytes(value, 'value', topic),
    headers: entries.map(([name, text]): HeaderEntry => [name, toBytes(text, `header ${name}`, topic)]),
    partition,
    timestamp,
  }
}

function toBytes(part: unknown, name: string, topic: string): Buffer | null {
  if (part === null) return null
  if (typeof part === 'string' || Buffer.isBuffer(part)) return Buffer.from(part as string)
  throw invalid(`its ${name} is neither text, bytes nor null`, topic)
}

function invalid(reason: string, topic: string): HoldfastError {
  return new HoldfastError(
    'HF_OUTPUT_INVALID',
    `context.produce was given a record for ${topic} that cannot be written: ${reason}.\n  Fix: give a topic, and key, value and headers as text, as a Buffer or as null.`,
    { details: { topic } },
  )
}
