import type { Claim, IdempotencyStore } from '../store.ts'
import type { Turn } from './turn.ts'

type AnyRecord = Turn['record']

/** Not weak: a weak entry for each record would cost the collector a good part of a member's time. */
const heldBy = new Map<AnyRecord, Held>()

interface Held {
  readonly turn: Turn
  readonly store: IdempotencyStore
  /** An attempt of another epoch may hang. */
  readonly epoch: number
}

/**
 * Under which claim a handler of this middleware has its record: its `token` is greater than that of every attempt before, so that
 * whoever is written to can refuse a late one. Known until the handler ends, even where the claim is lost meanwhile; undefined
 * for any other record.
 */
export function claimOf(record: AnyRecord): Claim | undefined {
  return heldBy.get(record)?.turn.claim
}

/** Whether middleware further outside has the key of the record already, as where a consumer and its handler both use it. */
export function isHeld({ record, request }: Turn, store: IdempotencyStore, epoch: number): boolean {
  const held = heldBy.get(record)
  return held !== undefined && held.store === store && held.epoch === epoch && held.turn.claim?.key === request?.key
}

/** A handler begins. */
export function hold(turn: Turn, store: IdempotencyStore, epoch: number): void {
  if (turn.claim !== undefined) heldBy.set(turn.record, { turn, store, epoch })
}

/** It has ended. */
export function letGo({ record }: Turn): void {
  heldBy.delete(record)
}
