/** Who holds a partition back. A partition is paused while any cause holds; no cause can end another's. */
export type PauseCause =
  | 'user'
  | 'backpressure'
  | 'uncommitted'
  | 'metadata'
  | 'outputs'
  | 'watchdog'
  | 'dead letter'
  | 'retry topic'
  | 'circuit'
  | 'dependency'
  | 'undecodable'
  | 'quarantine'
  | 'key order'
  | 'halted'
  | 'draining'

/** These stop only what is fetched: records that are held already run. */
const FETCH_CAUSES: ReadonlySet<PauseCause> = new Set(['backpressure', 'undecodable', 'quarantine'])

/** Whether a partition may take on records that it holds. */
export function mayAdmitUnder(causes: ReadonlySet<PauseCause>): boolean {
  for (const cause of causes) if (!FETCH_CAUSES.has(cause)) return false
  return true
}
