import { Fifo } from './fifo.ts'
import type { Lane } from './lane.ts'
import type { PartitionQueue } from './partition-queue.ts'

/**
 * The lanes that wait for a slot. Partitions take turns, and within a partition its lanes do: a partition with many keys
 * does not crowd out one with few, and a hot key has one turn like any other.
 */
export class ReadyRing {
  readonly #perPartition: number
  /** Without a limit of its own nobody asks how many a partition runs. */
  readonly #isCounting: boolean
  /** Partitions that have a ready lane and may use another slot, in the order of their turns. */
  readonly #rotation = new Set<PartitionQueue>()
  readonly #lanes = new Map<PartitionQueue, Fifo<Lane>>()
  readonly #running = new Map<PartitionQueue, number>()
  #size = 0

  constructor(concurrencyPerPartition: number) {
    this.#perPartition = concurrencyPerPartition
    this.#isCounting = concurrencyPerPartition !== Number.POSITIVE_INFINITY
  }

  /** How many lanes wait, also those whose partition may use no more slots. */
  get waiting(): number {
    return this.#size
  }

  /** Whether a partition has ready lanes that it may use no slot for. */
  isCapped(queue: PartitionQueue): boolean {
    return this.#lanes.has(queue) && this.#runningOf(queue) >= this.#perPartition
  }

  /** How many lanes could be taken now. */
  get size(): number {
    if (!this.#isCounting) return this.#size
    let size = 0
    for (const queue of this.#rotation)
      size += Math.min(this.#lanes.get(queue)?.length ?? 0, this.#perPartition - this.#runningOf(queue))
    return size
  }

  add(lane: Lane): void {
    const { queue } = lane
    const lanes = this.#lanes.get(queue) ?? new Fifo()
    this.#lanes.set(queue, lanes)
    lanes.push(lane)
    this.#size += 1
    this.#enter(queue)
  }

  take(): Lane | undefined {
    for (const queue of this.#rotation) {
      this.#rotation.delete(queue)
      const lane = this.#nextOf(queue)
      if (lane === undefined) continue
      if (this.#isCounting) this.#running.set(queue, this.#runningOf(queue) + 1)
      this.#enter(queue)
      return lane
    }
    return undefined
  }

  /** The next ready lane of a partition, to run in the slot of one that was taken, if it fits there. */
  takeBeside(queue: PartitionQueue, fits: (lane: Lane) => boolean): Lane | undefined {
    const next = this.#lanes.get(queue)?.first
    if (next === undefined || !fits(next)) return undefined
    const lane = this.#nextOf(queue)
    if (!this.#lanes.has(queue)) this.#rotation.delete(queue)
    return lane
  }

  /** A lane that was taken gives its slot back. */
  release(queue: PartitionQueue): void {
    if (!this.#isCounting) return
    const running = this.#runningOf(queue) - 1
    if (running > 0) this.#running.set(queue, running)
    else this.#running.delete(queue)
    this.#enter(queue)
  }

  /** Takes a partition's lanes out; answers them. */
  remove(queue: PartitionQueue): Lane[] {
    const lanes = [...(this.#lanes.get(queue) ?? [])]
    this.#size -= lanes.length
    this.#lanes.delete(queue)
    this.#rotation.delete(queue)
    return lanes
  }

  #enter(queue: PartitionQueue): void {
    if (this.#lanes.has(queue) && this.#runningOf(queue) < this.#perPartition) this.#rotation.add(queue)
  }

  #runningOf(queue: PartitionQueue): number {
    return this.#running.get(queue) ?? 0
  }

  #nextOf(queue: PartitionQueue): Lane | undefined {
    const lanes = this.#lanes.get(queue)
    const lane = lanes?.shift()
    if (lane !== undefined) this.#size -= 1
    if (lanes?.length === 0) this.#lanes.delete(queue)
    return lane
  }
}
