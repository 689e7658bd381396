import { createHash } from 'node:crypto'
import { classOf, describeError } from '../errors/holdfast-error.ts'
import type { ConsumerRecord, HeaderEntry } from '../model/record.ts'
import type { OutgoingRecord } from '../ports/driver.ts'

/** What is known of a record that failed for good. */
export interface Death {
  readonly record: ConsumerRecord
  readonly deadLetterTopic: string
  readonly groupId: string
  readonly handler: string
  readonly attempts: number
  readonly error: unknown
  /** Milliseconds since 1970. */
  readonly firstFailedMs: number
  readonly lastFailedMs: number
}

/** Headers of ours begin with it; they come after those of the record. */
export const DEAD_LETTER_PREFIX = 'holdfast-dead-'
const MAX_MESSAGE = 2_000
const SHORT_MESSAGE = 100
const DIGEST_DIGITS = 16
const FRAMES = 3

/**
 * How much of a record is left out so that its topic takes it: nothing; then our own words; then its headers; then half of
 * its value or of its key, whichever is longer, again and again, until nothing of them is left.
 */
export type Shrinking = number

const OWN_WORDS: Shrinking = 1
const HEADERS: Shrinking = 2

/** The record as its dead-letter topic gets it: its bytes and headers as they were, and what became of it. */
export function deadLetterOf(death: Death, shrinking: Shrinking = 0): OutgoingRecord {
  const { record, deadLetterTopic } = death
  const { key, value } = cut(record, shrinking - HEADERS)
  const kept = shrinking >= HEADERS ? [] : [...record.headers]
  const headers = [...kept, ...reportOf(death, shrinking), ...lossOf(record, { key, value }, shrinking)]
  // Its own time: a topic that is kept for a week would drop a record of last month at once.
  return { topic: deadLetterTopic, key, value, headers }
}

/** Whether there is anything left to leave out. */
export function canShrink({ record }: Death, shrinking: Shrinking): boolean {
  const { key, value } = cut(record, shrinking - HEADERS)
  return shrinking < HEADERS || lengthOf(key) + lengthOf(value) > 0
}

/** Names a record of a group for ever: a copy that was written twice can be told by it. */
export function deadLetterId(groupId: string, { topic, partition, offset }: ConsumerRecord): string {
  return `${groupId}/${topic}/${partition}/${offset}`
}

function reportOf(death: Death, shrinking: Shrinking): HeaderEntry[] {
  const { record, groupId, handler, attempts, error, firstFailedMs, lastFailedMs } = death
  const isShort = shrinking >= OWN_WORDS
  return entries({
    id: deadLetterId(groupId, record),
    'source-topic': record.topic,
    'source-partition': record.partition,
    'source-offset': record.offset,
    'source-timestamp': record.timestamp,
    group: groupId,
    handler: handler.slice(0, isShort ? SHORT_MESSAGE : MAX_MESSAGE),
    attempts,
    'error-class': classOf(error).slice(0, SHORT_MESSAGE),
    'error-message': describeError(error).slice(0, isShort ? SHORT_MESSAGE : MAX_MESSAGE),
    'error-stack-digest': createHash('sha256').update(placeOf(error)).digest('hex').slice(0, DIGEST_DIGITS),
    'first-failure': new Date(firstFailedMs).toISOString(),
    'last-failure': new Date(lastFailedMs).toISOString(),
  })
}

/** Where an error was made: what called that differs from record to record, and so does its message. */
function placeOf(error: unknown): string {
  const lines = stackOf(error).split('\n')
  const frames = lines.filter((line) => /^\s+at /.test(line))
  return frames.slice(0, FRAMES).join('\n')
}

/** Total: a stack can be a getter, or what `Error.prepareStackTrace` answered. */
function stackOf(error: unknown): string {
  try {
    return error instanceof Error && typeof error.stack === 'string' ? error.stack : ''
  } catch {
    return ''
  }
}

type Bytes = Pick<ConsumerRecord, 'key' | 'value'>

/** What the topic did not take; the digests tell whether a copy from elsewhere is the same. */
function lossOf(record: ConsumerRecord, left: Bytes, shrinking: Shrinking): HeaderEntry[] {
  if (shrinking < HEADERS) return []
  const parts = (['value', 'key'] as const).filter((part) => left[part] !== record[part])
  return [
    ...entries({ truncated: ['headers', ...parts].join(', ') }),
    ...parts.flatMap((part) => {
      const bytes = record[part] ?? ''
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      return entries({ [`${part}-bytes`]: bytes.length, [`${part}-sha256`]: sha256 })
    }),
  ]
}

function cut({ key, value }: Bytes, halvings: number): Bytes {
  let [keyBytes, valueBytes] = [lengthOf(key), lengthOf(value)]
  for (let left = halvings; left > 0; left -= 1) {
    if (valueBytes >= keyBytes) valueBytes >>= 1
    else keyBytes >>= 1
  }
  return { key: start(key, keyBytes), value: start(value, valueBytes) }
}

function start(bytes: Buffer | null, length: number): Buffer | null {
  return bytes === null || bytes.length === length ? bytes : bytes.subarray(0, length)
}

function lengthOf(bytes: Buffer | null): number {
  return bytes?.length ?? 0
}

function entries(values: Readonly<Record<string, string | number>>): HeaderEntry[] {
  return Object.entries(values).map(([name, value]) => [`${DEAD_LETTER_PREFIX}${name}`, Buffer.from(String(value))])
}
