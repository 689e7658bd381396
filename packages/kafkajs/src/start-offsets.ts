import { setTimeout as sleep } from 'node:timers/promises'
import { type AssignedPartition, parseOffset, partitionName, type TopicPartition } from '@holdfast/core'
import type { BrokerInternals, ClusterInternals, TopicOffsets } from './internals/cluster.ts'

const ATTEMPTS = 8
const RETRY_MS = 100

/** Committed offsets of the group, and where there is none the end of the log that `autoOffsetReset` names. */
export async function findStartOffsets(
  cluster: ClusterInternals,
  coordinator: BrokerInternals,
  groupId: string,
  partitions: readonly TopicPartition[],
  fromBeginning: boolean,
): Promise<AssignedPartition[]> {
  if (partitions.length === 0) return []
  const { responses } = await patiently(() => coordinator.offsetFetch({ groupId, topics: byTopic(partitions) }))
  const committed = indexOffsets(responses)
  const missing = partitions.filter((partition) => (committed.get(partitionName(partition)) ?? -1) < 0)
  const ends = await findLogEnds(cluster, missing, fromBeginning)
  return partitions.map(({ topic, partition }) => {
    const name = partitionName({ topic, partition })
    const known = committed.get(name) ?? -1
    return { topic, partition, committed: known, position: known >= 0 ? known : (ends.get(name) ?? 0) }
  })
}

/** The first or the last offset of each log. */
export async function findLogEnds(
  cluster: ClusterInternals,
  partitions: readonly TopicPartition[],
  fromBeginning: boolean,
): Promise<Map<string, number>> {
  if (partitions.length === 0) return new Map()
  const topics = byTopic(partitions).map((topic) => ({ ...topic, fromBeginning }))
  return indexOffsets(await patiently(() => cluster.fetchTopicsOffset(topics)))
}

function indexOffsets(topics: readonly TopicOffsets[]): Map<string, number> {
  return new Map(
    topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => {
        const name = partitionName({ topic, partition })
        return [name, parseOffset(offset, name)] as const
      }),
    ),
  )
}

function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: { partition: number }[] }[] {
  return [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, list]) => ({
    topic,
    partitions: list.map(({ partition }) => ({ partition })),
  }))
}

/** A coordinator that has just moved may not be ready; failing the join for that would cost the membership. */
async function patiently<T>(request: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await request()
    } catch (error) {
      if (attempt >= ATTEMPTS || (error as { retriable?: boolean }).retriable === false) throw error
      await sleep(RETRY_MS * attempt)
    }
  }
}
