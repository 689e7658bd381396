import type { Consumer } from '@holdfast/core'
import { SLOW_PARTITIONS } from './scene.ts'

const LAG_EVERY_MS = 250

/** What a consumer's watchdog and group did while it ran. */
export class Watch {
  readonly #consumer: Consumer
  readonly #held = new Set<number>()
  readonly #slowEndedMs = new Map<number, number>()
  #lags: NodeJS.Timeout | undefined
  #joins = 0
  #pauses = 0
  #liftMs = 0
  #healthyLag = 0

  constructor(consumer: Consumer) {
    this.#consumer = consumer
    consumer.on('group:joined', () => {
      this.#joins += 1
    })
    consumer.on('partition:paused', ({ partition, causes }) => {
      if (!causes.includes('watchdog')) return
      this.#held.add(partition)
      this.#pauses += 1
    })
    consumer.on('partition:resumed', ({ partition }) => {
      const endedMs = this.#slowEndedMs.get(partition)
      if (!this.#held.delete(partition) || endedMs === undefined) return
      this.#liftMs = Math.max(this.#liftMs, performance.now() - endedMs)
    })
  }

  /** Lag counts from now on. */
  watchLag(): void {
    this.#lags = setInterval(() => {
      for (const { partition, lag = 0 } of this.#consumer.status().partitions)
        if (!SLOW_PARTITIONS.includes(partition)) this.#healthyLag = Math.max(this.#healthyLag, lag)
    }, LAG_EVERY_MS)
  }

  /** The record that holds a partition back is done. */
  slowEnded(partition: number): void {
    this.#slowEndedMs.set(partition, performance.now())
  }

  stop(): Readonly<Record<string, number>> {
    clearInterval(this.#lags)
    return {
      rebalances: this.#joins - 1,
      pauses: this.#pauses,
      aborts: this.#consumer.status().late.attempts.abort,
      liftMs: this.#liftMs,
      healthyLag: this.#healthyLag,
    }
  }
}
