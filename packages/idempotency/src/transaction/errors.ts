import { HoldfastError, partitionName, Unavailable } from '@holdfast/core'
import type { Place, Progress } from './progress.ts'

/** No handler is called where nobody knows what is done: the partition waits until somebody says so. */
export function progressConflict(place: Place, { position, resetTo }: Progress): Unavailable {
  const { groupId, topic, partition } = place
  const name = partitionName(place)
  const where = JSON.stringify({ groupId, topic, partition })
  const cause = new HoldfastError(
    'HF_PROGRESS_CONFLICT',
    `the database has ${name} done up to ${position}, which its log does not reach: it was read from ${resetTo} on. The topic was created anew, or its log has lost its end.\n  Fix: setProgress(client, ${where}, 0) where it was created anew; else with the offset at which its log ended.`,
    { details: { ...place, position, resetTo } },
  )
  return new Unavailable(`the progress of ${name}`, cause.message, { cause })
}
