import { firstEndOf, showRecord, type Traces } from './trace.ts'
import type { Violation } from './violation.ts'

/** Every record that the broker acknowledged must have had its effect, and have been the record that was produced. */
export function judgeLosses(traces: Traces): Violation[] {
  const violations: Violation[] = []
  for (const partition of traces.values()) {
    for (const trace of partition) {
      if (trace.isMixedUp)
        violations.push({ kind: 'lost', text: `${showRecord(trace)}: another record came in its place` })
      else if (trace.isProduced && firstEndOf(trace) === undefined)
        violations.push({ kind: 'lost', text: `${showRecord(trace)} ${whatBecameOf(trace.attempts.length)}` })
    }
  }
  return violations
}

function whatBecameOf(starts: number): string {
  return starts === 0 ? 'never reached a handler' : `was started ${starts} times and never ended`
}
