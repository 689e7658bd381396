import { randomUUID } from 'node:crypto'
import { type HeaderEntry, HoldfastError, type OutgoingRecord } from '@holdfast/core'
import { fieldsOf, type Row } from '../postgres/postgres-client.ts'

/** The header that tells a message from its repeats, for `idempotent({ key: { header: 'holdfast-outbox-id' } })`. */
export const OUTBOX_ID_HEADER = 'holdfast-outbox-id'

/** A message as it lies in the table. */
export interface OutboxRow {
  readonly id: string
  readonly topic: string
  readonly record: OutgoingRecord
}

/** What Kafka takes as the name of a topic. Another would stay at the head of its table for ever. */
const TOPIC = /^[A-Za-z0-9._-]{1,249}$/

/**
 * The ids of the messages, and the parameters of the statement that enqueues them.
 * @throws HF_RECORD_REFUSED
 */
export function parametersOf(records: readonly OutgoingRecord[]): { ids: readonly string[]; values: unknown[] } {
  for (const { topic } of records) checkTopic(topic)
  const ids = records.map(() => randomUUID())
  const values = [
    ids,
    records.map(({ topic }) => topic),
    records.map(({ partition }) => partition ?? null),
    records.map(({ key }) => base64(key)),
    records.map(({ value }) => base64(value)),
    records.map(({ headers }) => JSON.stringify(headers.map(([name, value]) => [name, base64(value)]))),
    records.map(({ timestamp }) => timestamp ?? null),
  ]
  return { ids, values }
}

export function rowOf(row: Row): OutboxRow {
  const [id, messageId, topic, partition, key, value, headers, timestamp] = fieldsOf(row)
  const record: OutgoingRecord = {
    topic: topic as string,
    partition: partition === null ? undefined : Number(partition),
    key: buffer(key),
    value: buffer(value),
    headers: [...headersOf(headers as string), [OUTBOX_ID_HEADER, Buffer.from(messageId as string)]],
    timestamp: timestamp === null ? undefined : Number(timestamp),
  }
  return { id: id as string, topic: record.topic, record }
}

/** A message that is passed on from another outbox is a message of this one: it has one id, its own. */
function headersOf(text: string): HeaderEntry[] {
  const entries = JSON.parse(text) as readonly (readonly [string, string | null])[]
  return entries
    .filter(([name]) => name !== OUTBOX_ID_HEADER)
    .map(([name, value]) => [name, value === null ? null : Buffer.from(value, 'base64')])
}

function base64(bytes: Uint8Array | null): string | null {
  return buffer(bytes)?.toString('base64') ?? null
}

/** PGlite answers bytes without the methods of a Buffer, and callers without types may have such as well. */
function buffer(bytes: unknown): Buffer | null {
  if (bytes === null) return null
  const { buffer: memory, byteOffset, byteLength } = bytes as Uint8Array
  return Buffer.from(memory, byteOffset, byteLength)
}

function checkTopic(topic: string): void {
  if (TOPIC.test(topic) && topic !== '.' && topic !== '..') return
  throw new HoldfastError(
    'HF_RECORD_REFUSED',
    `no topic can be called ${JSON.stringify(topic)}, so nothing was put into the outbox.\n  Fix: a name of 1 to 249 letters, digits, dots, underscores and hyphens.`,
    { details: { topic } },
  )
}
