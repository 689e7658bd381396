import type { TopicPartition } from '@holdfast/core'
import type { WireReader, WireWriter } from './wire.ts'

/** A topic's name of no length and an empty list of partitions. */
const LEAST_TOPIC_BYTES = 2 + 4

/** `[topic [partition]]`, which subscriptions, assignments and the user data of `sticky` have in common; sorted as in Java. */
export function writeTopicPartitions(writer: WireWriter, partitions: readonly TopicPartition[]): void {
  const byTopic = groupByTopic(partitions)
  writer.int32(byTopic.size)
  for (const topic of [...byTopic.keys()].sort()) {
    const numbers = byTopic.get(topic) ?? []
    writer.nullableString(topic)
    writer.int32(numbers.length)
    for (const partition of numbers.sort((a, b) => a - b)) writer.int32(partition)
  }
}

export function readTopicPartitions(reader: WireReader, field: string): TopicPartition[] {
  const partitions: TopicPartition[] = []
  for (let topics = reader.count(field, LEAST_TOPIC_BYTES); topics > 0; topics -= 1) {
    const topic = reader.string(field)
    for (let count = reader.count(field, 4); count > 0; count -= 1)
      partitions.push({ topic, partition: reader.int32(field) })
  }
  return partitions
}

function groupByTopic(partitions: readonly TopicPartition[]): Map<string, number[]> {
  const byTopic = new Map<string, number[]>()
  let current: string | undefined
  let numbers: number[] = []
  for (const { topic, partition } of partitions) {
    if (topic !== current) {
      current = topic
      numbers = byTopic.get(topic) ?? []
      byTopic.set(topic, numbers)
    }
    numbers.push(partition)
  }
  return byTopic
}
