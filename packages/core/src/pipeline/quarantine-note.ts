import { type ConsumerRecord, RecordHeaders } from '../model/record.ts'
import type { TopicPartition } from '../model/topic-partition.ts'
import type { OutgoingRecord } from '../ports/driver.ts'
import { DEAD_LETTER_PREFIX, type Death, deadLetterOf } from './dead-letter.ts'

/** What is known of offsets that could not be decoded. */
export interface QuarantineFacts extends Omit<Death, 'record'> {
  readonly source: TopicPartition & { readonly offset: number }
  readonly lastOffset: number
}

/** Says which offsets a note is about, as `first-last`. */
export const QUARANTINED_HEADER: string = `${DEAD_LETTER_PREFIX}quarantined`

/** A time that is not known. */
const NO_TIMESTAMP = -1

/** Offsets that could not be decoded as their dead-letter topic gets them: no bytes, and what is known in headers. */
export function quarantineNote({ source, lastOffset, ...death }: QuarantineFacts): OutgoingRecord {
  const { topic, partition, offset } = source
  const nothing = { timestamp: NO_TIMESTAMP, key: null, value: null, headers: RecordHeaders.none }
  const record: ConsumerRecord = { topic, partition, offset, ...nothing }
  const letter = deadLetterOf({ ...death, record })
  return { ...letter, headers: [...letter.headers, [QUARANTINED_HEADER, Buffer.from(`${offset}-${lastOffset}`)]] }
}
