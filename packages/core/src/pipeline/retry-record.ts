import type { Moved } from '../model/outcome.ts'
import { type ConsumerRecord, type HeaderEntry, RecordHeaders } from '../model/record.ts'
import type { OutgoingRecord } from '../ports/driver.ts'

/** Headers of ours begin with it; they come after those of the record. */
const RETRY_PREFIX = 'holdfast-retry-'
const FIRST = `${RETRY_PREFIX}topic`
/** The most that a header is believed: more attempts than anybody makes, and a number that adds up without loss. */
const MAX_ATTEMPTS = 1_000_000

/** A record that failed, as it was before any retry topic. */
export interface Original {
  /** Its own place, time and headers. */
  readonly record: ConsumerRecord
  /** How often its handler was called for it in the topics that it has left. */
  readonly attempts: number
  /** When it failed first, in milliseconds since 1970; undefined where it has not, or is not known to have. */
  readonly firstFailedMs: number | undefined
  /** The group in which it failed; undefined where it has not, or that is not known. */
  readonly groupId: string | undefined
}

/**
 * The record as its next retry topic gets it: its bytes and headers as they were, and where it comes from. It waits from
 * `wallNowMs` on, or for as long as the record that it goes behind. That one's time stamp may be anybody's: an older one than
 * the delay could make a log drop this record at once, and one of the future be refused. `partition` is the one that it was
 * in.
 */
export function retryRecordOf(
  original: Original,
  { topic, delayMs, keepsOrder, behindSinceMs }: Moved,
  partition: number,
  wallNowMs: number,
): OutgoingRecord {
  const { record, attempts, firstFailedMs, groupId } = original
  const ours = entries({
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestamp,
    attempts: Math.min(attempts, MAX_ATTEMPTS),
    'first-failure': firstFailedMs ?? '',
    group: groupId ?? '',
  })
  const headers = [...record.headers, ...ours]
  const sinceMs = Math.min(behindSinceMs ?? wallNowMs, wallNowMs)
  const timestamp = Math.floor(Math.max(sinceMs, wallNowMs - delayMs))
  const place = keepsOrder ? { topic, partition } : { topic }
  return { ...place, key: record.key, value: record.value, headers, timestamp }
}

/** A record of an ordinary topic is its own original, whatever its headers say. */
export function ownOriginal(record: ConsumerRecord): Original {
  return { record, attempts: 0, firstFailedMs: undefined, groupId: undefined }
}

/**
 * Reads where a record of a retry topic comes from. Anybody may have written it: numbers are taken within bounds, and where
 * its source is none of those that may come here, the record counts as one that began here.
 */
export function originalOf(record: ConsumerRecord, mayComeFrom: (topic: string) => boolean): Original {
  const all = [...record.headers]
  // Ours come last: a record may have had such headers before it failed.
  const begin = all.findLastIndex(([name]) => name === FIRST)
  const ours = new Map(all.slice(Math.max(0, begin)).map(([name, value]) => [name, value?.toString('utf8') ?? '']))
  const number = (name: string): number => wholeNumber(ours.get(`${RETRY_PREFIX}${name}`))
  const topic = ours.get(FIRST) ?? ''
  const [partition, offset] = [number('partition'), number('offset')]
  if (begin === -1 || !mayComeFrom(topic) || Number.isNaN(partition) || Number.isNaN(offset)) return ownOriginal(record)
  const attempts = number('attempts')
  const timestamp = number('timestamp')
  const firstFailedMs = number('first-failure')
  return {
    record: {
      topic,
      partition,
      offset,
      timestamp: Number.isNaN(timestamp) ? record.timestamp : timestamp,
      key: record.key,
      value: record.value,
      headers: RecordHeaders.of(all.slice(0, begin)),
    },
    attempts: attempts <= MAX_ATTEMPTS ? attempts : 0,
    firstFailedMs: isDate(firstFailedMs) ? firstFailedMs : undefined,
    groupId: ours.get(`${RETRY_PREFIX}group`) || undefined,
  }
}

/** NaN for what is no number of ours. */
function wholeNumber(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
}

function isDate(ms: number): boolean {
  return !Number.isNaN(new Date(ms).getTime())
}

function entries(values: Readonly<Record<string, string | number>>): HeaderEntry[] {
  return Object.entries(values).map(([name, value]) => [`${RETRY_PREFIX}${name}`, Buffer.from(String(value))])
}
