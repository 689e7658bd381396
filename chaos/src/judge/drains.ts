import { partitionName } from '@holdfast/core'
import { type Drained, type Entry, entriesOf, type Logged } from '../history/entry.ts'
import { type Attempt, showRecord, type Trace, type Traces } from './trace.ts'
import type { Violation } from './violation.ts'

interface Outlived {
  readonly trace: Trace
  readonly attempt: Attempt
  readonly drained: Drained | undefined
}

/** What outlives a drain is told, named in its end and in the log, and runs exactly once more. */
export function judgeDrains(entries: readonly Entry[], traces: Traces): Violation[] {
  const outlived = findOutlived(entries, traces)
  if (outlived.length === 0) return [{ kind: 'nothing shown', text: 'no handler outlived a drain' }]
  const logs = entriesOf(entries, 'log')
  return outlived.flatMap(({ trace, attempt, drained }) => {
    const violations: Violation[] = []
    const name = `${partitionName(trace)}@${trace.offset}`
    const at = `${showRecord(trace)} at ${attempt.process}`
    if (drained === undefined || !drained.abandoned.includes(name))
      violations.push({ kind: 'drain', text: `${at} outlived a drain that does not name it` })
    if (!logs.some((log) => namesAbandoned(log, attempt, name)))
      violations.push({ kind: 'drain', text: `${at} outlived a drain, and no log line names it` })
    const later = trace.attempts.filter(({ startedAt }) => startedAt > attempt.startedAt)
    const laterOutlived = outlived.filter((other) => other.trace === trace && later.includes(other.attempt))
    if (later.length !== laterOutlived.length + 1)
      violations.push({
        kind: 'drain',
        text: `${at} outlived a drain and was delivered ${later.length} times after it`,
      })
    return violations
  })
}

/** Attempts that were told to end by a drain and had not when it was over. */
function findOutlived(entries: readonly Entry[], traces: Traces): Outlived[] {
  const drains = entriesOf(entries, 'drained')
  return [...traces.values()].flat().flatMap((trace) =>
    trace.attempts.flatMap((attempt): Outlived[] => {
      const { process, abortedAt, abortReason, endedAt = Number.POSITIVE_INFINITY } = attempt
      if (abortedAt === undefined || (abortReason !== 'revoked' && abortReason !== 'shutdown')) return []
      const drained = drains.find((drain) => drain.process === process && drain.at >= abortedAt)
      return endedAt > (drained?.at ?? 0) ? [{ trace, attempt, drained }] : []
    }),
  )
}

function namesAbandoned({ process, at, fields }: Logged, attempt: Attempt, name: string): boolean {
  const { abandoned } = fields
  if (process !== attempt.process || at < (attempt.abortedAt ?? 0) || !Array.isArray(abandoned)) return false
  return abandoned.some((text) => String(text).startsWith(`${name} `))
}
