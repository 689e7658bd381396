import type { CommitRequest, Consumer, TopicPartition } from '@holdfast/core'
import type { Line, TellLine } from './lines.ts'

/**
 * Tells the consumer's events as lines.
 *
 * Events do not say which partitions a drain or a loss ends: that is what the last join brought, all of it. After a
 * drain and until the next join nothing is owned, so a loss that follows tells nothing.
 */
export function tellEvents(consumer: Pick<Consumer, 'on'>, tell: TellLine, tellsCommits: boolean): void {
  let owned: readonly TopicPartition[] | undefined
  const revoke = (): void => {
    if (owned !== undefined) tell({ name: 'partitions_revoked', partitions: owned })
    owned = undefined
  }
  consumer.on('group:joined', ({ partitions }) => {
    // A fenced commit ends partitions without an event of the group.
    if (owned !== undefined && owned.length > 0) revoke()
    owned = partitions.map(placeOf)
    tell({ name: 'partitions_assigned', partitions: owned })
  })
  consumer.on('drain:ended', revoke)
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
