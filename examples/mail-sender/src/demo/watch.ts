import { setTimeout as wait } from 'node:timers/promises'
import { isAtLogEnd, leftOf, type PartitionOffsets } from './offsets.ts'

export interface WatchPorts {
  readonly signal: AbortSignal
  readonly pollMs: number
  /** How long nothing may move before the run is given up. */
  readonly stallMs: number
  offsets(): Promise<readonly PartitionOffsets[]>
  delivered(): number
  isRunning(): boolean
  show(partitions: readonly PartitionOffsets[]): void
}

/** Looks until everything is committed. Answers why it ended before that, if it did. */
export async function watchUntilDone(ports: WatchPorts): Promise<string | undefined> {
  let last = ''
  let movedAt = performance.now()
  while (!ports.signal.aborted) {
    // A broker that does not answer counts as one where nothing moves.
    const partitions = await ports.offsets().catch(() => undefined)
    if (partitions !== undefined) {
      ports.show(partitions)
      if (isAtLogEnd(partitions)) return undefined
    }
    if (!ports.isRunning()) return 'no worker is left'
    const now = `${ports.delivered()} ${partitions && leftOf(partitions)}`
    if (now !== last) movedAt = performance.now()
    if (performance.now() - movedAt > ports.stallMs)
      return `nothing has moved for ${Math.round(ports.stallMs / 1000)} s`
    last = now
    await wait(ports.pollMs, undefined, { signal: ports.signal }).catch(() => undefined)
  }
  return 'interrupted'
}
