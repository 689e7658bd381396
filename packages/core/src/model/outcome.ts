import type { HoldfastError } from '../errors/holdfast-error.ts'

/** Why an attempt was asked to end before its handler returned. */
export type AbortReason = 'revoked' | 'lost' | 'deadline' | 'shutdown' | 'halted' | 'suspended'

/** The lane waits until `atMs`, then tries again. */
export interface Retry {
  readonly type: 'retry'
  readonly atMs: number
  readonly error: unknown
  /** The attempt does not count as one. */
  readonly isUncounted?: boolean
}

/** The partition stops at this record. */
export interface Halt {
  readonly type: 'halt'
  readonly error: HoldfastError
}

/** The record is written to a retry topic, in which it waits, and settled here when that is acknowledged. */
export interface Moved {
  readonly type: 'moved'
  readonly topic: string
  readonly delayMs: number
  readonly error: unknown
  /** Whether it goes to the partition of the same number, and later records of its key behind it. */
  readonly keepsOrder: boolean
  /**
   * Where it did not fail, but goes behind an earlier record of its key: when that one was moved, in milliseconds since
   * 1970.
   */
  readonly behindSinceMs?: number | undefined
}

/** The record is written to the dead-letter topic, and settled when that is acknowledged. */
export interface Dead {
  readonly type: 'dead'
  readonly topic: string
  readonly error: unknown
}

/** The record is settled without effect. */
export interface Skipped {
  readonly type: 'skipped'
  readonly reason: string
  readonly error: unknown
}

/** The dependency of the handler is down: the lane waits until it is back, and no attempt is counted. */
export interface Held {
  readonly type: 'held'
  /** The name of the circuit breaker. */
  readonly circuit: string
  readonly error: unknown
}

/** What can follow for a record that failed. */
export type Failed = Retry | Moved | Halt | Dead | Skipped | Held

/** What can follow where there is nothing to try again. */
export type Last = Exclude<Failed, Retry | Moved>

/** The record was not handed over, and comes again; no attempt is counted. */
export interface Untried {
  readonly type: 'untried'
}

/**
 * What an attempt led to.
 * - `done`: every record of the delivery is settled.
 * - `partial`: of a batch, the records at the offsets in `left` are not settled, each with what follows for it.
 * - `retry`, `moved`, `halt`, `dead`, `skipped`, `held`: what is not settled fails as one.
 * - `aborted`: the attempt ended because it was told to; the record stays open.
 */
export type Outcome =
  | { readonly type: 'done' }
  | { readonly type: 'partial'; readonly left: ReadonlyMap<number, Failed | Untried> }
  | Failed
  | { readonly type: 'aborted'; readonly reason: AbortReason }

/** What follows for a record, or for all of a delivery, that did not simply succeed. */
export type Next = Exclude<Outcome, { readonly type: 'done' | 'partial' }> | Untried

export const DONE: Outcome = Object.freeze({ type: 'done' })
export const UNTRIED: Untried = Object.freeze({ type: 'untried' })
