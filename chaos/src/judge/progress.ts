import { type Entry, entriesOf } from '../history/entry.ts'
import type { Violation } from './violation.ts'

/** All must be handled and committed at the end; and while faults happen, some record must end every so often. */
export function judgeProgress(entries: readonly Entry[], everyMs: number | undefined): Violation[] {
  const stalled = entriesOf(entries, 'phase').filter(({ phase }) => phase === 'stalled')
  const violations = stalled.map(({ detail }): Violation => ({ kind: 'stall', text: detail }))
  const longest = longestPauseMs(entries)
  if (everyMs !== undefined && longest > everyMs)
    violations.push({ kind: 'stall', text: `no record ended for ${Math.round(longest)} ms while faults happened` })
  return violations
}

/** The longest time without a record's end while faults happened. */
export function longestPauseMs(entries: readonly Entry[]): number {
  const at = (wanted: string): number | undefined =>
    entriesOf(entries, 'phase').find(({ phase }) => phase === wanted)?.at
  const [from, to] = [at('faults began'), at('faults ended')]
  if (from === undefined || to === undefined) return 0
  const ends = entriesOf(entries, 'end').flatMap((end) => (end.at > from && end.at < to ? end.at : []))
  const moments = [from, ...ends, to]
  return moments.reduce((longest, moment, index) => Math.max(longest, moment - (moments[index - 1] ?? from)), 0)
}
