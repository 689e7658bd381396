import type { Claim } from '../store.ts'
import type { Turn } from './turn.ts'

type AnyRecord = Turn['record']

/** Not weak: a weak entry for each record would cost the collector a good part of a member's time. */
const heldBy = new Map<AnyRecord, Claim>()

/**
 * Under which claim a handler of this middleware has its record: its `token` is greater than that of every attempt before, so that
 * whoever is written to can refuse a late one. Known until the handler ends, even where the claim is lost meanwhile; undefined
 * for any other record.
 */
export function claimOf(record: AnyRecord): Claim | undefined {
  return heldBy.get(record)
}

/** A handler begins. */
export function hold({ record, claim }: Turn): void {
  if (claim !== undefined) heldBy.set(record, claim)
}

/** It has ended. */
export function letGo({ record }: Turn): void {
  heldBy.delete(record)
}
