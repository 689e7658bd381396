import type { ClusterInternals, Retrier } from './cluster.ts'

/**
 * Lets a consumer outlive its brokers: with retries that never end, an outage costs no membership as long as the session
 * lasts, and kafkajs never gives itself up.
 *
 * Two things stand in the way. Endless retries would also keep a consumer from stopping while no broker answers, so each
 * of them first asks whether it still may. And kafkajs forgets a broker whose connection broke; with none left it ends
 * the consumer, although it would find them again, so the last known ids are kept.
 */
export function makePatient(cluster: ClusterInternals, isStopped: () => boolean): void {
  cluster.retrier = stoppable(cluster.retrier, isStopped)
  cluster.brokerPool.retrier = stoppable(cluster.brokerPool.retrier, isStopped)
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
