import type { HoldfastError } from '../errors/holdfast-error.ts'

/** Why an attempt was asked to end before its handler returned. */
export type AbortReason = 'revoked' | 'lost' | 'deadline' | 'shutdown'

/**
 * What an attempt led to.
 * - `done`: every record of the delivery is settled.
 * - `partial`: the first `count` records are settled; the rest is tried on its own (a batch with a record that cannot be decoded).
 * - `retry`: the lane waits until `atMs`, then tries again.
 * - `halt`: the partition stops at this record.
 * - `aborted`: the attempt ended because it was told to; the record stays open.
 */
export type Outcome =
  | { readonly type: 'done' }
  | { readonly type: 'partial'; readonly count: number }
  | { readonly type: 'retry'; readonly atMs: number; readonly error: unknown }
  | { readonly type: 'halt'; readonly error: HoldfastError }
  | { readonly type: 'aborted'; readonly reason: AbortReason }

export const DONE: Outcome = Object.freeze({ type: 'done' })
