import { doneAheadFill } from '../ledger/done-ahead.ts'
import type { PauseCause } from '../model/pause-cause.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'

/** A partition waits when what is done ahead takes so much of the room that a commit has for it. */
const MAX_METADATA_FILL = 0.75

/**
 * Done records past an open one are what a crash may repeat. A partition waits for the open one when there are `limit`
 * of them, or when a commit could soon no longer say which they are, until half remains. The open one is among the
 * admitted ones, if there are any; with none admitted there is nothing to wait for.
 */
export function holdBack(scheduler: Scheduler, limit: number): (state: PartitionState) => void {
  const keep = ({ queue }: PartitionState, cause: PauseCause, level: number): void => {
    if (queue.admitted > 0 && level >= 1) scheduler.hold(queue, cause)
    else if (queue.holds.has(cause) && (queue.admitted === 0 || level <= 0.5)) scheduler.unhold(queue, cause)
  }
  return (state) => {
    const { settledAhead, aheadRanges, aheadSpan } = state.ledger
    if (settledAhead === 0 && aheadRanges === 0 && state.queue.holds.size === 0) return
    keep(state, 'uncommitted', settledAhead / limit)
    keep(state, 'metadata', doneAheadFill(aheadRanges, aheadSpan) / MAX_METADATA_FILL)
  }
}
