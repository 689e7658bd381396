import type { Membership } from './membership.ts'
import { type Attempt, firstEndOf, showRecord, type Trace, type Traces } from './trace.ts'
import type { Violation } from './violation.ts'

/** First effects of a key come in the order of its records, and no two attempts of a key run at once, wherever they run. */
export function judgeOrder(traces: Traces, membership: Membership): Violation[] {
  return [...traces.values()].flatMap((partition) =>
    [...Map.groupBy(partition, ({ key }) => key).values()].flatMap((ofKey) => [
      ...findReordered(ofKey),
      ...findOverlaps(ofKey, membership),
    ]),
  )
}

function findReordered(ofKey: readonly Trace[]): Violation[] {
  const violations: Violation[] = []
  let latest: { readonly trace: Trace; readonly at: number } | undefined
  for (const trace of ofKey) {
    const at = firstEndOf(trace)
    if (at === undefined) continue
    if (latest !== undefined && at < latest.at)
      violations.push({ kind: 'order', text: `${showRecord(trace)} ended before ${showRecord(latest.trace)}` })
    else latest = { trace, at }
  }
  return violations
}

function findOverlaps(ofKey: readonly Trace[], membership: Membership): Violation[] {
  const runs = ofKey
    .flatMap((trace) => trace.attempts.map((attempt) => ({ trace, attempt })))
    .filter(({ attempt }) => membership.frozenSpan(attempt.process, attempt.startedAt) === undefined)
    .sort((a, b) => a.attempt.startedAt - b.attempt.startedAt)
  const violations: Violation[] = []
  let latest: { readonly run: (typeof runs)[number]; readonly until: number } | undefined
  for (const run of runs) {
    if (latest !== undefined && run.attempt.startedAt < latest.until)
      violations.push({ kind: 'order', text: `${showRun(run)} started while ${showRun(latest.run)} was running` })
    const until = holdsUntil(run.attempt, membership)
    if (latest === undefined || until > latest.until) latest = { run, until }
  }
  return violations
}

/** Until it ends, is told to end, or its process is gone or stands still. */
function holdsUntil({ process, startedAt, endedAt, abortedAt }: Attempt, membership: Membership): number {
  const frozenAt = membership.spansOf(process).find(({ from }) => from >= startedAt)?.from
  const ends = [endedAt, abortedAt, membership.goneAt(process), frozenAt]
  return Math.min(...ends.map((end) => end ?? Number.POSITIVE_INFINITY))
}

function showRun({ trace, attempt }: { readonly trace: Trace; readonly attempt: Attempt }): string {
  return `${showRecord(trace)} at ${attempt.process}`
}
