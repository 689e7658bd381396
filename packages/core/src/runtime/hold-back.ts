import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'

/**
 * Done records past an open one are repeated after a crash: a partition waits when there are `limit` of them, until half
 * remain. The open one is among the admitted ones, if there are any; with none admitted there is nothing to wait for.
 */
export function holdBack(scheduler: Scheduler, limit: number): (state: PartitionState) => void {
  return ({ ledger, queue }) => {
    const isHeld = queue.holds.has('uncommitted')
    if (queue.admitted > 0 && ledger.settledAhead >= limit) scheduler.hold(queue, 'uncommitted')
    else if (isHeld && (queue.admitted === 0 || ledger.settledAhead <= limit / 2))
      scheduler.unhold(queue, 'uncommitted')
  }
}
