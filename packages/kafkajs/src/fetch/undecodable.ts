import type { TopicPartition, Undecodable } from '@holdfast/core'
import type { FetchResponse } from '../internals/cluster.ts'

export interface FoundUndecodable extends TopicPartition {
  readonly found: Undecodable
}

/** What stands at positions of a response and cannot be decoded. */
export function undecodableIn({ responses }: FetchResponse): FoundUndecodable[] {
  return responses.flatMap(({ topicName: topic, partitions }) =>
    partitions.flatMap(({ partition, undecodable: found }) =>
      found === undefined ? [] : [{ topic, partition, found }],
    ),
  )
}
