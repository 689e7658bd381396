import type { ClusterInternals, Retrier } from './cluster.ts'

/** A topic that is said to be unknown for so long has been deleted; metadata of a new one takes moments to spread. */
const DELETED_AFTER_MS = 10_000

/**
 * Lets a consumer outlive its brokers: with retries that never end, an outage costs no membership as long as the session
 * lasts, and kafkajs never gives itself up.
 *
 * Three things stand in the way. Endless retries would also keep a consumer from stopping while no broker answers, so each
 * of them first asks whether it still may. A topic that was deleted fails every request for metadata, and so stops all
 * topics of the consumer: that ends the client. And kafkajs forgets a broker whose connection broke; with none left it ends
 * the consumer, although it would find them again, so the last known ids are kept.
 */
export function makePatient(cluster: ClusterInternals, isStopped: () => boolean): void {
  cluster.retrier = stoppable(cluster.retrier, isStopped)
  cluster.brokerPool.retrier = stoppable(untilDeleted(cluster.brokerPool.retrier), isStopped)
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
