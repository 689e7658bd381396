import type { ConsumerRecord } from '@holdfast/core'
import type { Claim, ClaimRequest } from '../store.ts'

/** What an attempt came to for one record. */
export type Ending =
  | { readonly type: 'done'; readonly answer: unknown }
  /** To be tried again, or put aside, as the consumer judges. */
  | { readonly type: 'failed'; readonly error: unknown }

/**
 * One record of an attempt on its way through the middleware: it asks for its key (`request`), holds it (`claim`) or not, and has
 * an ending at the end.
 */
export interface Turn {
  readonly record: ConsumerRecord<unknown, unknown, unknown>
  readonly raw: ConsumerRecord
  request: ClaimRequest | undefined
  claim: Claim | undefined
  ending: Ending | undefined
  /** Under way where it is claimed again; it never rejects. What settles the claim waits for it. */
  claiming: Promise<void> | undefined
  /** Under way where the handler of a batch has settled the record itself. */
  settling: Promise<void> | undefined
}

export function done(answer: unknown): Ending {
  return { type: 'done', answer }
}

export function failed(error: unknown): Ending {
  return { type: 'failed', error }
}
