import type { ConsumerRecord } from '@holdfast/core'
import type { TellLine } from './lines.ts'

export interface TakingPorts {
  readonly tell: TellLine
  readonly tellsRecords: boolean
  readonly maxMessages: number
  /** `maxMessages` have been told. */
  enough(): void
}

/** One entry for each record of a batch: an error says that the record was not taken. */
export type Taken = readonly (Error | undefined)[]

const NOT_TAKEN = new Error('--max-messages is reached; the record was not consumed')

/** A batch handler that tells the records it takes, and takes no more than `maxMessages` in all. */
export function takeRecords(ports: TakingPorts): (records: readonly ConsumerRecord[]) => Taken {
  const { tell, tellsRecords, maxMessages, enough } = ports
  let left = maxMessages
  return (records) => {
    const taken = records.slice(0, left)
    if (tellsRecords) for (const record of taken) tellRecord(tell, record)
    tellRange(tell, taken)
    left -= taken.length
    if (left === 0) enough()
    return records.map((_, index) => (index < taken.length ? undefined : NOT_TAKEN))
  }
}

function tellRecord(tell: TellLine, { topic, partition, offset, key, value }: ConsumerRecord): void {
  tell({ name: 'record_data', key: textOf(key), value: textOf(value), topic, partition, offset })
}

function tellRange(tell: TellLine, taken: readonly ConsumerRecord[]): void {
  const [first, last] = [taken.at(0), taken.at(-1)]
  if (first === undefined || last === undefined) return
  const { topic, partition } = first
  const range = { topic, partition, count: taken.length, minOffset: first.offset, maxOffset: last.offset }
  tell({ name: 'records_consumed', count: taken.length, partitions: [range] })
}

function textOf(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('utf8')
}
