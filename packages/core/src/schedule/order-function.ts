import { types } from 'node:util'
import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import { readable } from '../errors/readable.ts'
import type { ConsumerRecord } from '../model/record.ts'
import { partitionName } from '../model/topic-partition.ts'
import type { LaneKey } from './ordering.ts'

/**
 * A function given as `order`. A record for which it fails waits for no other one, and none for it: it has no effect whose
 * order counts, since its attempt fails before the handler is called.
 */
export class OrderFunction {
  readonly #order: (record: ConsumerRecord) => LaneKey
  readonly #failures = new WeakMap<ConsumerRecord, HoldfastError>()

  constructor(order: (record: ConsumerRecord) => LaneKey) {
    this.#order = order
  }

  /** Undefined where it fails. Once it has failed for a record it is not asked again: it need not fail the same way twice. */
  nameOf(record: ConsumerRecord): LaneKey | undefined {
    if (this.#failures.has(record)) return undefined
    let key: unknown
    try {
      key = this.#order(record)
    } catch (error) {
      const cause = readable(error)
      return this.#fail(record, `threw ${describeError(cause)}`, cause)
    }
    if (typeof key === 'string' || typeof key === 'number') return key
    // Nobody else would catch what the promise of an async function rejects with.
    if (types.isPromise(key)) key.catch(() => undefined)
    return this.#fail(record, `answered ${whatIs(key)}`)
  }

  failureOf(record: ConsumerRecord): HoldfastError | undefined {
    return this.#failures.get(record)
  }

  #fail(record: ConsumerRecord, what: string, cause?: unknown): undefined {
    const { topic, partition, offset } = record
    const error = new HoldfastError(
      'HF_ORDER_FAILED',
      `order(record) ${what} for ${partitionName(record)}@${offset}: it must answer a text or a number.\n  Fix: correct the function given as order, so that it has an answer for any record.`,
      { cause, details: { option: 'order', topic, partition, offset } },
    )
    this.#failures.set(record, error)
  }
}

function whatIs(key: unknown): string {
  if (types.isPromise(key)) return 'a promise'
  return key === null ? 'null' : typeof key
}
