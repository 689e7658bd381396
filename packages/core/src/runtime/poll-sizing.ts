import { pollSize } from '../policy/poll-size.ts'
import type { Events } from '../ports/events.ts'
import type { PartitionQueue } from '../schedule/partition-queue.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'

/** A handler is called too slow for a fixed poll batch again only after it was quick enough by so much. */
const RELIEF = 0.5

export interface PollSizingOptions {
  readonly maxPollRecords: number | 'auto'
  readonly maxPollIntervalMs: number
  readonly rateLimit?: { readonly records: number; readonly intervalMs: number } | undefined
}

export interface PollSizingPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly events: Events
  slots(): number
}

/**
 * Keeps poll batches within `maxPollIntervalMs`: with `maxPollRecords: 'auto'` their size follows what the handlers take; a
 * size that was given stays, and is warned of where the handlers are too slow for it.
 */
export class PollSizing {
  readonly #options: PollSizingOptions
  readonly #ports: PollSizingPorts
  readonly #isAuto: boolean
  readonly #paceMs: number
  readonly #warned = new Set<string>()
  readonly #sized = new WeakSet<PartitionState>()
  #busyPartitions = 1

  constructor(options: PollSizingOptions, ports: PollSizingPorts) {
    const { rateLimit } = options
    this.#options = options
    this.#isAuto = options.maxPollRecords === 'auto'
    this.#ports = ports
    this.#paceMs = rateLimit === undefined ? 0 : rateLimit.intervalMs / rateLimit.records
  }

  /** Looks at all partitions; to be called a few times a second. */
  review(): void {
    this.#busyPartitions = Math.max(1, this.#ports.scheduler.busyPartitions)
    for (const state of this.#ports.partitions) {
      if (this.#options.maxPollRecords === 'auto') this.#resize(state)
      else this.#warnIfSlow(state, this.#options.maxPollRecords)
    }
  }

  /** Records have come: a partition that has just been assigned may fill its share of the slots at once. */
  noteArrival(state: PartitionState): void {
    if (!this.#isAuto || this.#sized.has(state)) return
    this.#sized.add(state)
    this.#busyPartitions = Math.max(1, this.#ports.scheduler.busyPartitions)
    this.#resize(state)
  }

  /** Records were settled: a handler that is just being learned has its sizes grow at once. */
  noteSettled({ handlerTime }: PartitionState): void {
    if (!this.#isAuto || !handlerTime.hasDoubled()) return
    this.#busyPartitions = Math.max(1, this.#ports.scheduler.busyPartitions)
    for (const state of this.#ports.partitions) if (state.handlerTime === handlerTime) this.#resize(state)
  }

  /** When so many records of a partition that wait would be done, in milliseconds, at the pace of the slow ones. */
  foreseenMs({ queue, handlerTime }: PartitionState, waiting: number): number {
    if (waiting === 0) return 0
    const lanes = Math.max(1, queue.lanes)
    const parallel = Math.min(this.#parallel(queue), lanes)
    return (waiting * (handlerTime.p95Ms ?? 0)) / parallel
  }

  /** How many of its records run at once while the busy partitions share the slots. */
  #parallel(queue: PartitionQueue): number {
    const { scheduler, slots } = this.#ports
    return scheduler.parallel(queue, slots() / this.#busyPartitions)
  }

  #resize(state: PartitionState): void {
    const { queue, handlerTime } = state
    const size = pollSize({
      maxPollIntervalMs: this.#options.maxPollIntervalMs,
      meanMs: handlerTime.meanMs,
      records: handlerTime.records,
      busyPartitions: this.#busyPartitions,
      parallel: this.#parallel(queue),
      paceMs: this.#paceMs * this.#busyPartitions,
    })
    this.#ports.scheduler.resize(queue, size)
  }

  #warnIfSlow(state: PartitionState, maxPollRecords: number): void {
    const { topic, handlerTime, queue } = state
    const p95Ms = handlerTime.p95Ms
    if (p95Ms === undefined) return
    const parallel = this.#parallel(queue)
    const expectedMs = (p95Ms * maxPollRecords) / parallel
    const { maxPollIntervalMs } = this.#options
    if (expectedMs < maxPollIntervalMs * RELIEF) this.#warned.delete(topic)
    if (expectedMs <= maxPollIntervalMs || this.#warned.has(topic)) return
    this.#warned.add(topic)
    this.#ports.events.emit('poll:oversized', {
      topic,
      maxPollRecords,
      p95Ms,
      expectedMs,
      maxPollIntervalMs,
      fitting: Math.max(1, Math.floor((maxPollIntervalMs * parallel) / p95Ms)),
    })
  }
}
