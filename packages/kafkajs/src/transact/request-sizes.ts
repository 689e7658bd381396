import type { OutgoingRecord } from '@holdfast/core'
import { bytesOf, MAX_BYTES, requestsOf } from '../produce/requests.ts'

/**
 * How many bytes of records topics take at once, as far as they have refused more. What is too large at once is not always
 * too large in halves; but a transaction ends with its first refusal, so that the next one has to know.
 */
export class RequestSizes {
  readonly #limits = new Map<string, number>()

  /** The outputs for a topic as requests that it may take, in order. */
  split(topic: string, outputs: readonly OutgoingRecord[]): OutgoingRecord[][] {
    return requestsOf(outputs, this.#limits.get(topic) ?? MAX_BYTES)
  }

  noteTooLarge(topic: string, outputs: readonly OutgoingRecord[]): void {
    if (outputs.length === 1) return
    const bytes = outputs.reduce((sum, output) => sum + bytesOf(output), 0)
    // A request that was made by an earlier limit says less.
    this.#limits.set(topic, Math.min(Math.floor(bytes / 2), this.#limits.get(topic) ?? MAX_BYTES))
  }
}
