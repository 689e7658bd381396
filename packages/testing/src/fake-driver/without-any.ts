import { partitionName, type TopicPartition } from '@holdfast/core'

export function withoutAny<T extends TopicPartition>(partitions: readonly T[], gone: readonly TopicPartition[]): T[] {
  const names = new Set(gone.map(partitionName))
  return partitions.filter((partition) => !names.has(partitionName(partition)))
}
