import type { OutgoingRecord } from '@holdfast/core'
import { bytesOf, MAX_BYTES, requestsOf } from '../produce/requests.ts'

/** A topic that takes no more than it did costs one transaction that is aborted in this time. */
const DOUBLES_AFTER_MS = 60_000

interface Limit {
  readonly bytes: number
  readonly sinceMs: number
}

/**
 * How many bytes of records topics take at once, as far as they have refused more. What is too large at once is not always
 * too large in halves; but a transaction ends with its first refusal, so that the next one has to know. A limit doubles each
 * minute in which nothing is refused, since `max.message.bytes` of a topic can be raised.
 */
export class RequestSizes {
  readonly #limits = new Map<string, Limit>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** The outputs for a topic as requests that it may take, in order. */
  split(topic: string, outputs: readonly OutgoingRecord[]): OutgoingRecord[][] {
    return requestsOf(outputs, this.#limitOf(topic))
  }

  noteTooLarge(topic: string, outputs: readonly OutgoingRecord[]): void {
    if (outputs.length === 1) return
    const half = Math.floor(outputs.reduce((sum, output) => sum + bytesOf(output), 0) / 2)
    // A request that was made by an earlier limit says less.
    this.#limits.set(topic, { bytes: Math.min(half, this.#limitOf(topic)), sinceMs: this.#now() })
  }

  #limitOf(topic: string): number {
    const limit = this.#limits.get(topic)
    if (limit === undefined) return MAX_BYTES
    const bytes = limit.bytes * 2 ** Math.floor((this.#now() - limit.sinceMs) / DOUBLES_AFTER_MS)
    if (bytes < MAX_BYTES) return bytes
    this.#limits.delete(topic)
    return MAX_BYTES
  }
}
