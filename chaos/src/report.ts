import type { Counts } from './judge/verdict.ts'
import type { Violation, ViolationKind } from './judge/violation.ts'
import type { StoryResult } from './run/run-story.ts'

/** Of each kind; the history has them all. */
const SHOWN_PER_KIND = 5

export function hasPassed({ verdict }: StoryResult): boolean {
  return verdict.violations.length === 0
}

export function formatResult(result: StoryResult): string {
  const { story, seed, seconds, verdict, historyPath } = result
  const { counts, violations, notes } = verdict
  const title = `${story.name}, seed ${seed}, ${Math.round(seconds)} s: ${hasPassed(result) ? 'passed' : 'FAILED'}`
  const figures = [
    `records ${counts.records}, lost ${counts.lost}, repeats ${counts.repeats} of ${counts.allowedRepeats} allowed`,
    `order violations ${counts.orderViolations}, early commits ${counts.earlyCommits}, rebalances ${counts.rebalances}`,
    ...notes,
  ]
  const kept = historyPath === undefined ? [] : [`history: ${historyPath}`, `again: pnpm chaos ${flagsOf(result)}`]
  return [title, ...[...figures, ...formatViolations(violations), ...kept].map((line) => `  ${line}`)].join('\n')
}

/** One line for a program to read. */
export function toJson(seed: number, results: readonly StoryResult[]): string {
  const sum = (name: keyof Counts): number => results.reduce((total, { verdict }) => total + verdict.counts[name], 0)
  return JSON.stringify({
    seed,
    records: sum('records'),
    lost: sum('lost'),
    repeats: sum('repeats'),
    allowedRepeats: sum('allowedRepeats'),
    orderViolations: sum('orderViolations'),
    earlyCommits: sum('earlyCommits'),
    rebalances: sum('rebalances'),
    faults: sum('faults'),
  })
}

function formatViolations(violations: readonly Violation[]): string[] {
  const byKind = Map.groupBy(violations, ({ kind }) => kind)
  return [...byKind].flatMap(([kind, list]: [ViolationKind, Violation[]]) => {
    const shown = list.slice(0, SHOWN_PER_KIND).map(({ text }) => `${kind}: ${text}`)
    return list.length > SHOWN_PER_KIND ? [...shown, `${kind}: and ${list.length - SHOWN_PER_KIND} more`] : shown
  })
}

function flagsOf({ story, seed, seconds }: StoryResult): string {
  return `--seed ${seed} --story ${story.name} --minutes ${Number((seconds / 60).toFixed(3))}`
}
