import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AssignedPartition,
  type DriverContext,
  HoldfastError,
  parseOffset,
  partitionName,
  type TopicPartition,
} from '@holdfast/core'
import type { BrokerInternals, ClusterInternals, CommittedOffsets, TopicOffsets } from '../internals/cluster.ts'

const ATTEMPTS = 8
const RETRY_MS = 100

/** Where a topic begins without an offset. */
type Resets = Pick<DriverContext, 'autoOffsetReset' | 'producesTo'>

/**
 * Committed offsets of the group with their texts, and where there is none the end of the log that `autoOffsetReset`
 * names.
 * @throws HF_OFFSET_MISSING where it names none
 */
export async function findStartOffsets(
  cluster: ClusterInternals,
  coordinator: BrokerInternals,
  groupId: string,
  partitions: readonly TopicPartition[],
  resets: Resets,
): Promise<AssignedPartition[]> {
  if (partitions.length === 0) return []
  const { responses } = await patiently(() => coordinator.offsetFetch({ groupId, topics: byTopic(partitions) }))
  const [offsets, texts] = [indexOffsets(responses), indexTexts(responses)]
  const committed = (partition: TopicPartition): number => offsets.get(partitionName(partition)) ?? -1
  const metadata = (partition: TopicPartition): string => texts.get(partitionName(partition)) ?? ''
  const missing = partitions.filter((partition) => committed(partition) < 0)
  const described = partitions.filter((partition) => committed(partition) >= 0 && metadata(partition) !== '')
  const [starts, logEnds] = await Promise.all([
    findResetOffsets(cluster, missing, resets, 'has no committed offset'),
    findLogEnds(cluster, described, 'latest'),
  ])
  return partitions.map((partition) => {
    const name = partitionName(partition)
    const known = committed(partition)
    const start = { ...partition, committed: known, position: known >= 0 ? known : (starts.get(name) ?? 0) }
    const logEnd = logEnds.get(name)
    return logEnd === undefined ? start : { ...start, metadata: metadata(partition), logEnd }
  })
}

/** What the group has committed of a partition, with its text. */
export async function committedOffset(
  cluster: ClusterInternals,
  groupId: string,
  partition: TopicPartition,
): Promise<{ readonly offset: number; readonly metadata: string }> {
  const topics = byTopic([partition])
  const { responses } = await patiently(async () => {
    const coordinator = await cluster.findGroupCoordinator({ groupId })
    return coordinator.offsetFetch({ groupId, topics })
  })
  const name = partitionName(partition)
  return { offset: indexOffsets(responses).get(name) ?? -1, metadata: indexTexts(responses).get(name) ?? '' }
}

/**
 * Where partitions go on that have no offset of their own. Topics that the consumer writes to itself begin at their start:
 * what it wrote before anything was committed there would be lost.
 * @throws HF_OFFSET_MISSING with `autoOffsetReset: 'none'`
 */
export async function findResetOffsets(
  cluster: ClusterInternals,
  partitions: readonly TopicPartition[],
  { autoOffsetReset, producesTo }: Resets,
  reason: string,
): Promise<Map<string, number>> {
  const [own, foreign] = [true, false].map((isOwn) =>
    partitions.filter(({ topic }) => producesTo.includes(topic) === isOwn),
  ) as [TopicPartition[], TopicPartition[]]
  const [first] = foreign
  const starts = await findLogEnds(cluster, own, 'earliest')
  if (first === undefined) return starts
  if (autoOffsetReset !== 'none') return new Map([...starts, ...(await findLogEnds(cluster, foreign, autoOffsetReset))])
  throw new HoldfastError(
    'HF_OFFSET_MISSING',
    `${partitionName(first)} ${reason}, and autoOffsetReset = "none".\n  Fix: commit an offset for the group, or set autoOffsetReset to earliest or latest.`,
    { details: { ...first, option: 'autoOffsetReset' } },
  )
}

/** The first or the last offset of each log. */
async function findLogEnds(
  cluster: ClusterInternals,
  partitions: readonly TopicPartition[],
  end: 'earliest' | 'latest',
): Promise<Map<string, number>> {
  if (partitions.length === 0) return new Map()
  const topics = byTopic(partitions).map((topic) => ({ ...topic, fromBeginning: end === 'earliest' }))
  return indexOffsets(await patiently(() => cluster.fetchTopicsOffset(topics)))
}

/** By the name of the partition. */
export function indexOffsets(topics: readonly TopicOffsets[]): Map<string, number> {
  return new Map(
    topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => {
        const name = partitionName({ topic, partition })
        return [name, parseOffset(offset, name)] as const
      }),
    ),
  )
}

function indexTexts(topics: readonly CommittedOffsets[]): Map<string, string> {
  return new Map(
    topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, metadata }) => [partitionName({ topic, partition }), metadata ?? ''] as const),
    ),
  )
}

export function byTopic(
  partitions: readonly TopicPartition[],
): { topic: string; partitions: { partition: number }[] }[] {
  return [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, list]) => ({
    topic,
    partitions: list.map(({ partition }) => ({ partition })),
  }))
}

/** A coordinator that has just moved may not be ready; failing the join for that would cost the membership. */
export async function patiently<T>(request: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await request()
    } catch (error) {
      if (attempt >= ATTEMPTS || (error as { retriable?: boolean }).retriable === false) throw error
      await sleep(RETRY_MS * attempt)
    }
  }
}
