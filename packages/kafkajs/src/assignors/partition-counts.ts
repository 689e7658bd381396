import type { ClusterInternals, TopicMetadata } from '../internals/cluster.ts'

/** What of kafkajs's cluster tells how many partitions topics have. */
export type TopicLookup = Pick<ClusterInternals, 'retrier' | 'getNodeIds' | 'findBroker' | 'findTopicPartitionMetadata'>

/** Topics that are not there, or not for this member to see, have no partitions for anybody. */
const ABSENT: readonly unknown[] = [
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'UNKNOWN_TOPIC_OR_PARTITION',
]

/**
 * How many partitions each topic has. Of `own` topics kafkajs has just refreshed what it knows. Others are asked for
 * beside that: as targets of kafkajs they would stop this member when they are deleted.
 */
export async function countPartitions(
  cluster: TopicLookup,
  own: readonly string[],
  others: readonly string[],
): Promise<Map<string, number>> {
  const counts = new Map(own.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]))
  if (others.length === 0) return counts
  for (const [topic, count] of await askFor(cluster, others)) counts.set(topic, count)
  return counts
}

/** The answer to a request names no topic when it refuses one, so they are asked for one by one then. */
async function askFor(cluster: TopicLookup, topics: readonly string[]): Promise<Map<string, number>> {
  const counts = await ask(cluster, topics)
  if (counts !== undefined) return counts
  if (topics.length === 1) return new Map()
  const found = new Map<string, number>()
  for (const topic of topics) {
    const count = (await ask(cluster, [topic]))?.get(topic)
    if (count !== undefined) found.set(topic, count)
  }
  return found
}

/** Undefined when one of the topics is absent. A broker that does not answer is followed by the next one. */
async function ask(cluster: TopicLookup, topics: readonly string[]): Promise<Map<string, number> | undefined> {
  let counts: Map<string, number> | undefined
  let attempts = 0
  await cluster.retrier(async () => {
    const nodeIds = cluster.getNodeIds()
    const broker = await cluster.findBroker({ nodeId: nodeIds[attempts++ % nodeIds.length] as string })
    counts = await broker.metadata(topics).then(countEach, (error: { readonly type?: unknown }) => {
      if (ABSENT.includes(error.type)) return undefined
      throw error
    })
  })
  return counts
}

function countEach({ topicMetadata }: TopicMetadata): Map<string, number> {
  return new Map(topicMetadata.map(({ topic, partitionMetadata }) => [topic, partitionMetadata.length]))
}
