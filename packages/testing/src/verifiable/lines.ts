import type { TopicPartition } from '@holdfast/core'

export interface ConsumedRange extends TopicPartition {
  readonly count: number
  readonly minOffset: number
  readonly maxOffset: number
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: number
}

/** What the program tells, with the names and fields of Kafka's own tool. */
export type Line =
  | { readonly name: 'startup_complete' }
  | { readonly name: 'partitions_assigned'; readonly partitions: readonly TopicPartition[] }
  | { readonly name: 'partitions_revoked'; readonly partitions: readonly TopicPartition[] }
  | {
      readonly name: 'record_data'
      readonly key: string | null
      readonly value: string | null
      readonly topic: string
      readonly partition: number
      readonly offset: number
    }
  | { readonly name: 'records_consumed'; readonly count: number; readonly partitions: readonly ConsumedRange[] }
  | {
      readonly name: 'offsets_committed'
      readonly offsets: readonly CommittedOffset[]
      readonly error?: string
      readonly success: boolean
    }
  | { readonly name: 'shutdown_complete' }

export type TellLine = (line: Line) => void

/** Writes one JSON object a line, each with the time it was told. */
export function lineTeller(write: (text: string) => unknown, now: () => number = Date.now): TellLine {
  return (line) => write(`${JSON.stringify({ timestamp: now(), ...line })}\n`)
}
