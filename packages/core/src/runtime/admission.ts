import type { PartitionQueue, PollBatch } from '../schedule/partition-queue.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'

/** Lets a poll batch start, at once or when its promise allows. */
export type Admit = (pollBatch: PollBatch) => void

export interface AdmissionPorts {
  readonly partitions: Partitions
  start(pollBatch: PollBatch): void
  commitThrough(state: PartitionState, offset: number): Promise<boolean>
  /** A poll batch that waited came to its end, started or not. */
  waited(): void
  /** A poll batch could not be dealt to lanes, as when a function given as an option throws. */
  broken(error: unknown): void
}

/** How poll batches start under a delivery promise: at once, or with at-most-once after their commit. */
export function admission(delivery: 'at-least-once' | 'at-most-once' | 'exactly-once', ports: AdmissionPorts): Admit {
  return delivery === 'at-most-once' ? admitAtMostOnce(ports) : ports.start
}

/**
 * Settles and commits a poll batch first; its handlers start when the broker has acknowledged the commit. Where the
 * epoch ends before that, none of them ever starts. Poll batches of a partition start in their order, whichever
 * acknowledgement is seen first.
 */
function admitAtMostOnce({ partitions, start, commitThrough, waited, broken }: AdmissionPorts): Admit {
  const lastOf = new WeakMap<PartitionQueue, Promise<void>>()
  return (pollBatch) => {
    const { queue, records, endOffset } = pollBatch
    const state = partitions.ofQueue(queue)
    if (state === undefined) return
    for (const { offset } of records) state.ledger.settle(offset)
    state.running += 1
    const started = Promise.all([commitThrough(state, endOffset), lastOf.get(queue)])
      .then(([isAcknowledged]) => {
        state.running -= 1
        if (isAcknowledged) start(pollBatch)
      })
      .catch(broken)
      .finally(waited)
    lastOf.set(queue, started)
  }
}
