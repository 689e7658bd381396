import type { Lane, LaneSet } from './lane.ts'
import type { ReadyRing } from './ready-ring.ts'

/** The lane, with ready ones of its partition that are at the same attempt, as many as fill a batch; all of them run. */
export function gatherBatch(first: Lane, ready: ReadyRing, maxBatchRecords: number): LaneSet {
  const lanes: [Lane, ...Lane[]] = [first]
  let room = maxBatchRecords - first.portion
  // What failed together in a lane is tried again together, or its attempts could not be counted.
  const fits = ({ state, attempt, portion }: Lane): boolean =>
    state !== 'ready' || (attempt === first.attempt && (attempt === 1 || portion <= room))
  while (room > 0) {
    const lane = ready.takeBeside(first.queue, fits)
    if (lane === undefined) break
    if (lane.state !== 'ready') continue
    lane.state = 'running'
    lanes.push(lane)
    room -= lane.portion
  }
  return lanes
}
