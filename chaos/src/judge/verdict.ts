import { type Entry, entriesOf } from '../history/entry.ts'
import type { Story } from '../stories/story.ts'
import { judgeCommits } from './commits.ts'
import { Coverage } from './coverage.ts'
import { judgeDrains } from './drains.ts'
import { judgeLeaks, showMeasures } from './leaks.ts'
import { judgeLosses } from './losses.ts'
import { Membership } from './membership.ts'
import { judgeOrder } from './order.ts'
import { showPauses } from './pauses.ts'
import { judgeProcesses } from './processes.ts'
import { judgeProgress, longestPauseMs } from './progress.ts'
import { judgeRepeats } from './repeats.ts'
import { judgeShown } from './shown.ts'
import { traceRecords } from './trace.ts'
import type { Violation } from './violation.ts'
import { judgeZombies } from './zombies.ts'

export interface Counts {
  readonly records: number
  readonly lost: number
  readonly repeats: number
  readonly allowedRepeats: number
  readonly orderViolations: number
  /** Samples past a record without effect, and those below an earlier one. */
  readonly earlyCommits: number
  readonly rebalances: number
  readonly faults: number
}

export interface Verdict {
  readonly counts: Counts
  readonly violations: readonly Violation[]
  /** Figures that are told and not judged. */
  readonly notes: readonly string[]
}

/** Judges a history by what its story promises. */
export function judgeHistory(story: Story, entries: readonly Entry[]): Verdict {
  const { repeatsAfter, progressEveryMs, measuresLeaks, judgesZombies, judgesDrains } = story.settlement
  const traces = traceRecords(entries)
  const membership = new Membership(entries)
  const coverage = new Coverage(entries)
  const lost = judgeLosses(traces)
  const repeats = judgeRepeats(traces, { membership, coverage, after: repeatsAfter })
  const disordered = judgeOrder(traces, membership)
  const early = judgeCommits(traces, coverage)
  return {
    counts: {
      records: entriesOf(entries, 'produced').length,
      lost: lost.length,
      repeats: repeats.repeats,
      allowedRepeats: repeats.allowed,
      orderViolations: disordered.length,
      earlyCommits: early.length,
      rebalances: membership.rebalances,
      faults: entriesOf(entries, 'fault').length,
    },
    violations: [
      ...lost,
      ...repeats.violations,
      ...disordered,
      ...early,
      ...judgeProgress(entries, progressEveryMs),
      ...(measuresLeaks ? judgeLeaks(entries) : []),
      ...(judgesZombies ? judgeZombies(entries, traces, membership, coverage) : []),
      ...(judgesDrains ? judgeDrains(entries, traces) : []),
      ...judgeProcesses(entries, membership),
      ...judgeShown(story, entries),
    ],
    notes: [...noteFigures(entries), ...(story.settlement.tellsPauses ? showPauses(entries) : [])],
  }
}

function noteFigures(entries: readonly Entry[]): string[] {
  const faults = Map.groupBy(entriesOf(entries, 'fault'), ({ fault }) => fault)
  const sampling = entriesOf(entries, 'sampling').at(-1)
  return [
    `faults: ${[...faults].map(([fault, list]) => `${list.length} ${fault}`).join(', ')}`,
    `commits read ${sampling?.count ?? 0} times, at most ${Math.round(sampling?.longestGapMs ?? 0)} ms apart`,
    `longest time without a record's end: ${Math.round(longestPauseMs(entries))} ms`,
    ...showMeasures(entries),
  ]
}
