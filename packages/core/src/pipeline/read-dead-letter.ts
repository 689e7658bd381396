import type { ConsumerRecord, HeaderEntry } from '../model/record.ts'
import { DEAD_LETTER_PREFIX } from './dead-letter.ts'
import { QUARANTINED_HEADER } from './quarantine-note.ts'

/** A dead letter, read. */
export interface DeadLetter {
  /** Of the record that died: group, topic, partition and offset. Copies of one have the same. */
  readonly id: string
  /** Where the letter lies. */
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly source: {
    readonly topic: string
    readonly partition: number
    readonly offset: number
    /** Milliseconds since 1970. */
    readonly timestamp: number
  }
  readonly groupId: string
  readonly handler: string
  readonly attempts: number
  readonly error: { readonly class: string; readonly message: string; readonly stackDigest: string }
  readonly firstFailure: Date
  readonly lastFailure: Date
  /** What its topic did not take of it, such as `headers, value`. */
  readonly truncated: string | undefined
  /** Set where the letter is a note of offsets that could not be decoded: there are no bytes of them. */
  readonly quarantined: { readonly firstOffset: number; readonly lastOffset: number } | undefined
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Those of the record that died. */
  readonly headers: readonly HeaderEntry[]
}

/** Undefined for a record that is no dead letter of ours. */
export function readDeadLetter(record: ConsumerRecord): DeadLetter | undefined {
  const all = [...record.headers]
  // Ours come last: a record that died before, or one that pretends to be dead, may have such headers of its own.
  const begin = all.findLastIndex(([name]) => name === `${DEAD_LETTER_PREFIX}id`)
  if (begin === -1) return undefined
  const ours = new Map(all.slice(begin).map(([name, value]) => [name, value?.toString('utf8') ?? '']))
  const text = (name: string): string => ours.get(`${DEAD_LETTER_PREFIX}${name}`) ?? ''
  const source = {
    topic: text('source-topic'),
    partition: wholeNumber(text('source-partition')),
    offset: wholeNumber(text('source-offset')),
    timestamp: wholeNumber(text('source-timestamp')),
  }
  if (source.topic === '' || Number.isNaN(source.partition) || Number.isNaN(source.offset)) return undefined
  const { topic, partition, offset, key, value } = record
  return {
    id: text('id'),
    topic,
    partition,
    offset,
    source,
    groupId: text('group'),
    handler: text('handler'),
    attempts: wholeNumber(text('attempts')),
    error: {
      class: text('error-class'),
      message: text('error-message'),
      stackDigest: text('error-stack-digest'),
    },
    firstFailure: new Date(text('first-failure')),
    lastFailure: new Date(text('last-failure')),
    truncated: ours.get(`${DEAD_LETTER_PREFIX}truncated`),
    quarantined: rangeOf(ours.get(QUARANTINED_HEADER)),
    key,
    value,
    headers: all.slice(0, begin),
  }
}

function rangeOf(text = ''): DeadLetter['quarantined'] {
  const [firstOffset, lastOffset] = text.split('-').map(wholeNumber)
  const isRange = firstOffset !== undefined && lastOffset !== undefined && firstOffset <= lastOffset
  return isRange ? { firstOffset, lastOffset } : undefined
}

function wholeNumber(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
}
