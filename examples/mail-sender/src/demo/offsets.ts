/** Where the group stands in one partition, as the broker has it. */
export interface PartitionOffsets {
  readonly topic: string
  readonly partition: number
  /** `undefined` where nothing has been committed yet. */
  readonly committed: number | undefined
  readonly logEnd: number
}

export function lagOf({ committed, logEnd }: PartitionOffsets): number {
  return Math.max(0, logEnd - (committed ?? 0))
}

/** How many records the group has not committed yet. */
export function leftOf(partitions: readonly PartitionOffsets[]): number {
  return partitions.reduce((sum, partition) => sum + lagOf(partition), 0)
}

/** Whether every committed offset is the log's end, no more and no less. */
export function isAtLogEnd(partitions: readonly PartitionOffsets[]): boolean {
  return partitions.every(({ committed, logEnd }) => (committed ?? 0) === logEnd)
}
