import { amend } from './amendments.ts'
import type { BrokerPoolInternals, ClusterInternals, MakeRequest, Retrier } from './cluster.ts'

/** A topic that is said to be unknown for so long has been deleted; metadata of a new one takes moments to spread. */
const DELETED_AFTER_MS = 10_000
/** Where a partition has no leader, one is looked for so often. */
const LEADERLESS_MAX_AGE_MS = 1_000
const METADATA = 3
const NOBODY = -1
/** That there is no leader, or none that this client can reach. */
const NO_LEADER: ReadonlySet<number> = new Set([5, 72])

/**
 * Lets a consumer outlive its brokers: with retries that never end, an outage costs no membership as long as the session
 * lasts, and kafkajs never gives itself up.
 *
 * Four things stand in the way. Endless retries would also keep a consumer from stopping while no broker answers, so each
 * of them first asks whether it still may. A topic that was deleted fails every request for metadata, and so stops all
 * topics of the consumer: that ends the client. So does one partition without a leader, for as long as it has none: it is
 * known as such instead, and no broker is asked for it. And kafkajs forgets a broker whose connection broke; with none left
 * it ends the consumer, although it would find them again, so the last known ids are kept.
 */
export function makePatient(cluster: ClusterInternals, isStopped: () => boolean): void {
  cluster.retrier = stoppable(cluster.retrier, isStopped)
  cluster.brokerPool.retrier = stoppable(untilDeleted(cluster.brokerPool.retrier), isStopped)
  makeTolerant(cluster.brokerPool)
  const getNodeIds = cluster.getNodeIds.bind(cluster)
  let lastKnown: readonly string[] = []
  cluster.getNodeIds = () => {
    const ids = getNodeIds()
    if (ids.length > 0) lastKnown = ids
    return lastKnown
  }
}

function stoppable(retrier: Retrier, isStopped: () => boolean): Retrier {
  return (attempt) =>
    retrier(async (bail, ...rest) => {
      if (!isStopped()) return attempt(bail, ...rest)
      bail(new Error('the consumer has stopped'))
      return undefined
    })
}

function untilDeleted(retrier: Retrier): Retrier {
  return (attempt) => {
    let unknownSinceMs: number | undefined
    return retrier(async (bail, ...rest) => {
      try {
        return await attempt(bail, ...rest)
      } catch (error) {
        if ((error as { type?: string }).type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
        unknownSinceMs ??= performance.now()
        if (performance.now() - unknownSinceMs < DELETED_AFTER_MS) throw error
        const deleted = new Error('a topic of this consumer is gone', { cause: error })
        bail(Object.assign(deleted, { retriable: false }))
        return undefined
      }
    })
  }
}

/** Lets metadata count in which partitions have no leader, and asks for it again before long. */
export function makeTolerant(pool: BrokerPoolInternals): void {
  const createBroker = pool.createBroker.bind(pool)
  pool.createBroker = (options) => {
    const broker = createBroker(options)
    const metadata = broker.metadata.bind(broker)
    broker.metadata = (topics) => {
      // A broker that reconnects forgets it.
      amend(broker, 'no leader', (apiKey, make) => (apiKey === METADATA ? tolerant(make) : make))
      return metadata(topics)
    }
    return broker
  }
  const refreshMetadata = pool.refreshMetadata.bind(pool)
  pool.refreshMetadata = async (topics) => {
    await refreshMetadata(topics)
    if (hasLeaderless(pool.metadata))
      pool.metadataExpireAt = Math.min(pool.metadataExpireAt ?? 0, Date.now() + LEADERLESS_MAX_AGE_MS)
  }
}

function tolerant(make: MakeRequest): MakeRequest {
  return (fields) => {
    const made = make(fields)
    const parse = (decoded: unknown): Promise<unknown> => made.response.parse(withoutErrors(decoded as Metadata))
    return { ...made, response: { ...made.response, parse } }
  }
}

interface Metadata {
  readonly topicMetadata: readonly {
    readonly partitionMetadata: readonly { readonly partitionErrorCode: number; readonly leader: number }[]
  }[]
}

function withoutErrors(metadata: Metadata): Metadata {
  const topicMetadata = metadata.topicMetadata.map((topic) => ({
    ...topic,
    partitionMetadata: topic.partitionMetadata.map((partition) =>
      NO_LEADER.has(partition.partitionErrorCode) ? { ...partition, partitionErrorCode: 0, leader: NOBODY } : partition,
    ),
  }))
  return { ...metadata, topicMetadata }
}

function hasLeaderless(metadata: unknown): boolean {
  const { topicMetadata = [] } = (metadata ?? {}) as Partial<Metadata>
  return topicMetadata.some(({ partitionMetadata }) => partitionMetadata.some(({ leader }) => leader === NOBODY))
}
