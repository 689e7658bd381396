import type { ConsumerRecord } from '@holdfast/core'
import type { ClaimRequest } from '../store.ts'

/** An effect that was made, of a record with this fingerprint. */
export interface MadeEffect {
  readonly fingerprint: string | null
  readonly result: string | null
}

interface Made extends MadeEffect {
  readonly untilMs: number
}

/** Where more effects than these can't be written down, the oldest counts for its own record only. */
const MOST_KEYS = 100_000

/**
 * Effects that this process has made and could not write down: no handler is called for them again. They count for their record for
 * as long as it is here, and by their key for whichever record has that next, be it the same one under another assignment or a
 * duplicate, until the store knows or the window of the key is over.
 */
export class MadeEffects {
  readonly #byRecord = new WeakMap<ConsumerRecord, Made>()
  readonly #byKey = new Map<string, Made>()
  /** As a rule there are none. */
  #hasAny = false

  note(
    record: ConsumerRecord,
    { key, fingerprint, windowMs }: ClaimRequest,
    result: string | null,
    nowMs: number,
  ): void {
    this.#byKey.delete(key)
    const [oldest] = this.#byKey.size >= MOST_KEYS ? this.#byKey.keys() : []
    if (oldest !== undefined) this.#byKey.delete(oldest)
    const made: Made = { fingerprint, result, untilMs: nowMs + windowMs }
    this.#hasAny = true
    this.#byRecord.set(record, made)
    this.#byKey.set(key, made)
  }

  of(record: ConsumerRecord, key: string, nowMs: number): MadeEffect | undefined {
    if (!this.#hasAny) return undefined
    const own = this.#byRecord.get(record)
    if (own !== undefined) return own
    const made = this.#byKey.get(key)
    if (made === undefined) return undefined
    if (made.untilMs > nowMs) return made
    this.#byKey.delete(key)
    return undefined
  }

  /** The store knows. */
  forget({ key }: { readonly key: string }): void {
    if (this.#byKey.size > 0) this.#byKey.delete(key)
  }
}
