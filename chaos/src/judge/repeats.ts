import { partitionName } from '@holdfast/core'
import type { Coverage } from './coverage.ts'
import type { Membership } from './membership.ts'
import type { Settlement } from './settlement.ts'
import { type Attempt, showRecord, type Trace, type Traces } from './trace.ts'
import type { Violation } from './violation.ts'

export interface Repeats {
  /** Starts beyond the first of their record. */
  readonly repeats: number
  /** How many the faults could have caused: what those concerned had started and no commit covered when it was taken over. */
  readonly allowed: number
  readonly violations: readonly Violation[]
}

export interface RepeatPorts {
  readonly membership: Membership
  readonly coverage: Coverage
  readonly after: Settlement['repeatsAfter']
}

/** What ended an attempt's hold on its record. */
interface Ending {
  readonly at: number
}

/** Reasons of an abort that gives the record to another attempt by plan. */
const DRAINED: readonly (string | undefined)[] = ['revoked', 'shutdown']

/**
 * A record may run again only where the process that had started it was killed (or frozen, or had to abort it), its
 * partition was assigned anew since, and nothing that the broker held then covered the record.
 */
export function judgeRepeats(traces: Traces, ports: RepeatPorts): Repeats {
  let [repeats, allowed] = [0, 0]
  const violations: Violation[] = []
  for (const trace of [...traces.values()].flat()) {
    if (trace.attempts.length === 0) continue
    // Between its wake and its insight a zombie starts what it had in hand; that counts, and is allowed.
    const owned = trace.attempts.filter(
      ({ process, startedAt }) => ports.membership.frozenSpan(process, startedAt) === undefined,
    )
    repeats += trace.attempts.length - 1
    allowed += trace.attempts.length - Math.max(1, owned.length)
    for (const [index, attempt] of owned.entries()) {
      const next = owned[index + 1]
      const ending = findEnding(attempt, next?.startedAt ?? Number.POSITIVE_INFINITY, ports)
      if (ending !== undefined && isOpenAtTakeover(trace, ending, ports)) allowed += 1
      const reason = next && refuse(trace, ending, next, ports)
      if (reason !== undefined)
        violations.push({
          kind: 'repeat',
          text: `${showRecord(trace)} ran at ${attempt.process} and again at ${next?.process}, though ${reason}`,
        })
    }
  }
  return { repeats, allowed, violations }
}

function findEnding(
  { process, startedAt, abortedAt, abortReason }: Attempt,
  before: number,
  { membership, after }: RepeatPorts,
): Ending | undefined {
  const frozenAt = membership.spansOf(process).find(({ from }) => from >= startedAt)?.from
  const ends = [
    after.includes('kill') ? membership.killedAt(process) : undefined,
    after.includes('freeze') ? frozenAt : undefined,
    after.includes('abort') && DRAINED.includes(abortReason) ? abortedAt : undefined,
  ]
  const at = ends.find((end) => end !== undefined && end <= before)
  return at === undefined ? undefined : { at }
}

function isOpenAtTakeover(trace: Trace, ending: Ending, { membership, coverage }: RepeatPorts): boolean {
  const takenOverAt = membership.takenOverAt(partitionName(trace), ending.at)
  return takenOverAt !== undefined && !coverage.covers(trace, takenOverAt)
}

/** Why a repeat was not allowed; undefined where it was. */
function refuse(
  trace: Trace,
  ending: Ending | undefined,
  next: Attempt,
  { membership, coverage }: RepeatPorts,
): string | undefined {
  if (ending === undefined) return 'no fault had ended the first'
  const assignedAt = membership.assignedAt(next.process, partitionName(trace), next.startedAt)
  if (assignedAt < ending.at) return 'the partition was assigned to the second before the first had ended'
  return coverage.covers(trace, assignedAt) ? 'a commit that the broker held covered it' : undefined
}
