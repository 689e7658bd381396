import { lagOf, leftOf, type PartitionOffsets } from './offsets.ts'

export interface Progress {
  readonly partitions: readonly PartitionOffsets[]
  /** The name of the worker that has the partition. */
  readonly workerOf: (partition: number) => string | undefined
  readonly requested: number
  readonly delivered: number
  readonly duplicates: number
  readonly seconds: number
}

const HEADINGS = ['TOPIC', 'PARTITION', 'CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG', 'WORKER']

/** The columns of kafka-consumer-groups.sh, with the worker. */
export function progressTable({ partitions, workerOf }: Progress): string[] {
  const rows = partitions.map((row) => [
    row.topic,
    String(row.partition),
    row.committed === undefined ? '-' : String(row.committed),
    String(row.logEnd),
    String(lagOf(row)),
    workerOf(row.partition) ?? '-',
  ])
  const lines = [HEADINGS, ...rows]
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

export function progressLine({ partitions, requested, delivered, duplicates, seconds }: Progress): string {
  const left = leftOf(partitions)
  return `${seconds.toFixed(1).padStart(5)} s  delivered ${delivered} of ${requested}, duplicates ${duplicates}, left ${left}`
}
