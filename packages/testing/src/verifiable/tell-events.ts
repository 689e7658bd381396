import type { CommitRequest, Consumer, TopicPartition } from '@holdfast/core'
import type { Line, TellLine } from './lines.ts'

/**
 * Tells the consumer's events as lines, as a Java member with an incremental strategy does: what was added by a join, and
 * what has gone since. What a rebalance retains is in neither.
 */
export function tellEvents(consumer: Pick<Consumer, 'on'>, tell: TellLine, tellsCommits: boolean): void {
  const revoke = ({ partitions }: { readonly partitions: readonly TopicPartition[] }): void => {
    if (partitions.length > 0) tell({ name: 'partitions_revoked', partitions })
  }
  consumer.on('group:joined', ({ added }) => tell({ name: 'partitions_assigned', partitions: added.map(placeOf) }))
  consumer.on('group:revoked', revoke)
  consumer.on('group:lost', revoke)
  if (!tellsCommits) return
  consumer.on('commit:ok', ({ offsets }) => tell(committed(offsets)))
  consumer.on('commit:fenced', ({ offsets, error }) => tell(committed(offsets, error.message)))
  consumer.on('commit:unknown', ({ offsets, error }) => tell(committed(offsets, error.message)))
}

function committed(requests: readonly CommitRequest[], error?: string): Line {
  const offsets = requests.map((request) => ({ ...placeOf(request), offset: request.offset }))
  if (error === undefined) return { name: 'offsets_committed', offsets, success: true }
  return { name: 'offsets_committed', offsets, error, success: false }
}

function placeOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}
