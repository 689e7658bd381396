import { partitionName } from '@holdfast/core'
import { type Entry, entriesOf, type Faulted, type Joined } from '../history/entry.ts'
import type { Coverage } from './coverage.ts'
import type { Membership, Span } from './membership.ts'
import { type Attempt, showRecord, type Trace, type Traces } from './trace.ts'
import type { Violation } from './violation.ts'

/** A zombie learns from its first heartbeat that it is out; a busy machine may take a while over that. */
const INSIGHT_LIMIT_MS = 5_000
/** A commit that was on its way when the process froze has reached the broker by then. */
const ON_ITS_WAY_MS = 1_000

/** A process that stood still: from when, until when, what it held, and until when it did not know. */
interface Zombie {
  readonly name: string
  readonly frozenAt: number
  readonly thawedAt: number
  readonly span: Span
  readonly held: Joined | undefined
}

/** A zombie finds out, aborts what runs, commits none of it, and its effects come after those of the new owner. */
export function judgeZombies(
  entries: readonly Entry[],
  traces: Traces,
  membership: Membership,
  coverage: Coverage,
): Violation[] {
  const zombies = entriesOf(entries, 'fault').flatMap((fault) => zombieOf(entries, fault, membership) ?? [])
  const all = [...traces.values()].flat()
  const violations = zombies.flatMap((zombie) => [
    ...judgeInsight(entries, zombie),
    ...judgeLateCommits(entries, zombie, coverage),
    ...attemptsOf(zombie, all).flatMap(([trace, attempt]) => judgeAttempt(zombie, trace, attempt)),
  ])
  const hasAborted = zombies.some((zombie) =>
    attemptsOf(zombie, all).some(([, { abortedAt = 0 }]) => abortedAt >= zombie.thawedAt),
  )
  if (!hasAborted) violations.push({ kind: 'nothing shown', text: 'no handler of a zombie was running when it woke' })
  return violations
}

function zombieOf(entries: readonly Entry[], fault: Faulted, membership: Membership): Zombie | undefined {
  const { target: name, at: frozenAt } = fault
  const thaw = entriesOf(entries, 'thaw').find((entry) => entry.target === name && entry.at > frozenAt)
  const span = membership.frozenSpan(name, frozenAt)
  if (fault.fault !== 'freeze' || thaw === undefined || span === undefined) return undefined
  const held = entriesOf(entries, 'joined').findLast((join) => join.process === name && join.at < frozenAt)
  return { name, frozenAt, thawedAt: thaw.at, span, held }
}

function judgeInsight(entries: readonly Entry[], { name, frozenAt, thawedAt, span, held }: Zombie): Violation[] {
  const violations: Violation[] = []
  if (span.to - thawedAt > INSIGHT_LIMIT_MS)
    violations.push({ kind: 'zombie', text: `${name} did not find out that it was out` })
  const heirs = entriesOf(entries, 'joined').filter(
    (join) => join.process !== name && join.at > frozenAt && join.at < thawedAt,
  )
  const taken = new Set(heirs.flatMap(({ partitions }) => partitions))
  if (held === undefined || !held.partitions.some((partition) => taken.has(partition)))
    violations.push({ kind: 'nothing shown', text: `nobody took over from ${name} while it stood still` })
  return violations
}

function judgeLateCommits(entries: readonly Entry[], zombie: Zombie, coverage: Coverage): Violation[] {
  const { name, frozenAt, thawedAt, held } = zombie
  const late = entriesOf(entries, 'committed').filter(({ process, at }) => process === name && at > thawedAt)
  const stale = late.flatMap(({ offsets }) => offsets).filter(({ epoch }) => epoch <= (held?.epoch ?? -1))
  return stale.flatMap((commit): Violation[] => {
    const stored = coverage.heldAt(partitionName(commit), frozenAt + ON_ITS_WAY_MS)?.offset ?? 0
    if (commit.offset <= stored) return []
    return [{ kind: 'zombie', text: `${name} committed ${partitionName(commit)} at ${commit.offset} after it woke` }]
  })
}

/** Those that the zombie had in hand when it froze, or took up before it knew. */
function attemptsOf({ name, frozenAt, span }: Zombie, traces: readonly Trace[]): [Trace, Attempt][] {
  return traces.flatMap((trace) =>
    trace.attempts
      .filter(({ process, startedAt, endedAt = Number.POSITIVE_INFINITY }) => {
        return process === name && startedAt <= span.to && endedAt > frozenAt
      })
      .map((attempt): [Trace, Attempt] => [trace, attempt]),
  )
}

function judgeAttempt({ name, thawedAt, span }: Zombie, trace: Trace, attempt: Attempt): Violation[] {
  const { endedAt, abortedAt } = attempt
  const violations: Violation[] = []
  if (abortedAt === undefined && (endedAt === undefined || endedAt > span.to))
    violations.push({ kind: 'zombie', text: `${showRecord(trace)}: its signal at ${name} did not abort` })
  const isFirst = !trace.attempts.some(
    (other) => other !== attempt && other.endedAt !== undefined && other.endedAt < (endedAt ?? 0),
  )
  if (endedAt !== undefined && endedAt > thawedAt && isFirst)
    violations.push({ kind: 'zombie', text: `${showRecord(trace)}: the effect of ${name} came before the new owner's` })
  return violations
}
