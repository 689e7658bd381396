import { decideFlow, type FlowLimits } from './flow.ts'
import type { PartitionQueue } from './partition-queue.ts'

export type FetchChange = 'pause' | 'resume'

/** Which partitions are not fetched: those that anything holds. Their own fill is one such cause, and kept here. */
export class FetchGate {
  readonly #limits: FlowLimits
  readonly #paused = new Set<PartitionQueue>()

  constructor(limits: FlowLimits) {
    this.#limits = limits
  }

  /** What is to change for a partition; it counts as done. */
  change(queue: PartitionQueue, partitions: number): FetchChange | undefined {
    const flow = decideFlow(queue, partitions, this.#limits)
    if (flow === 'pause') queue.holds.add('backpressure')
    if (flow === 'resume') queue.holds.delete('backpressure')
    const isHeld = queue.holds.size > 0
    if (isHeld === this.#paused.has(queue)) return undefined
    if (isHeld) this.#paused.add(queue)
    else this.#paused.delete(queue)
    return isHeld ? 'pause' : 'resume'
  }

  /** Whether a partition that is not fetched has room again. */
  mayResume(queue: PartitionQueue, partitions: number): boolean {
    return this.#paused.has(queue) && decideFlow(queue, partitions, this.#limits) === 'resume'
  }

  remove(queue: PartitionQueue): void {
    this.#paused.delete(queue)
  }
}
