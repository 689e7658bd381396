import type { PauseCause } from '../model/pause-cause.ts'
import { type FlowLimits, flowBounds } from './flow.ts'
import type { PartitionQueue, PollLimits } from './partition-queue.ts'

/** A limit by the name of its option; the last one is the broker's. */
export type LimitName =
  | keyof FlowLimits
  | 'maxPollRecords'
  | 'maxPollBytes'
  | 'maxUncommittedRecords'
  | 'concurrencyPerPartition'
  | 'offset.metadata.max.bytes'

const LIMIT_OF_CAUSE: { readonly [Cause in PauseCause]?: LimitName } = {
  uncommitted: 'maxUncommittedRecords',
  metadata: 'offset.metadata.max.bytes',
}

/** The limits that hold a partition back now: its fetches, or the admission of what it has buffered. */
export function limitsReached(queue: PartitionQueue, partitions: number, limits: PollLimits & FlowLimits): LimitName[] {
  const byCause = [...queue.holds].flatMap((cause) => LIMIT_OF_CAUSE[cause] ?? [])
  return [...byCause, ...admissionLimits(queue, limits), ...flowLimits(queue, partitions, limits)]
}

function admissionLimits(queue: PartitionQueue, limits: PollLimits): LimitName[] {
  if (queue.due === 0 || queue.mayAdmit(limits, 'all')) return []
  const { isFullByRecords, isFullByBytes } = queue.room(limits, 'all')
  return [isFullByRecords ? ['maxPollRecords' as const] : [], isFullByBytes ? ['maxPollBytes' as const] : []].flat()
}

/** A pause for want of room ends at half of each limit, so what is above its half holds the partition back. */
function flowLimits(queue: PartitionQueue, partitions: number, limits: FlowLimits): LimitName[] {
  if (!queue.holds.has('backpressure')) return []
  const { records, bytes } = flowBounds(partitions, limits)
  const found: LimitName[] = []
  if (queue.heldRecords > records / 2)
    found.push(records < limits.maxPartitionBufferedRecords ? 'maxBufferedRecords' : 'maxPartitionBufferedRecords')
  if (queue.heldBytes > bytes / 2)
    found.push(bytes < limits.maxPartitionBufferedBytes ? 'maxBufferedBytes' : 'maxPartitionBufferedBytes')
  return found
}
