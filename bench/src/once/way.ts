import type { ConsumerOptions, ConsumerRecord, HandlerContext } from '@holdfast/core'

/** How an arm makes effects once, ready to be used. */
export interface Way {
  readonly options: Pick<ConsumerOptions, 'delivery' | 'transactions' | 'use'>
  /** What the handler does at its end. */
  effect?(record: ConsumerRecord, context: HandlerContext): unknown
  /** How often the store was asked so far. */
  roundTrips(): number
  /** Throws where what the pass has left behind does not hold every record. */
  check(): Promise<void>
  close(): Promise<void>
}
