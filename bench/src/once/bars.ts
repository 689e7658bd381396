import type { ArmRuns, Sample } from '../harness/sample.ts'
import { withRatio } from '../harness/take-turns.ts'
import { median } from '../stats/spread.ts'
import { type ArmName, BATCHED, REFERENCE, SINGLE } from './arms.ts'

/** What an arm is to reach, as a ratio of records/s to another arm of the same round with the same handlers. */
interface Bar {
  readonly arm: ArmName
  readonly to: ArmName
  readonly waitMs: number
  readonly atLeast: number
}

const STORES: readonly ArmName[] = ['memory', 'Redis', BATCHED]

export const BARS: readonly Bar[] = [
  ...STORES.map((arm) => ({ arm, to: REFERENCE, waitMs: 5, atLeast: 0.9 }) as const),
  { arm: BATCHED, to: SINGLE, waitMs: 0, atLeast: 5 },
]

/** Adds to every sample its ratio to at-least-once with the same handlers. */
export function withRatios(runs: readonly ArmRuns[]): ArmRuns[] {
  const waits = new Set(runs.map(({ labels }) => labels.waitMs))
  return [...waits].flatMap((waitMs) =>
    withRatio(
      runs.filter(({ labels }) => labels.waitMs === waitMs),
      'recordsPerSecond',
      ({ name }) => name === REFERENCE,
    ),
  )
}

/** A row for each bar whose arms have run; it is met where the median of the rounds is. */
export function judge(runs: readonly ArmRuns[], bars: readonly Bar[] = BARS): ArmRuns[] {
  return bars.flatMap(({ arm, to, waitMs, atLeast }) => {
    const [ours, theirs] = [arm, to].map((name) => samplesOf(runs, name, waitMs))
    if (ours === undefined || theirs === undefined) return []
    const ratios = ours.map((sample, round) => rateOf(sample) / rateOf(theirs[round]))
    const isMet = median(ratios) >= atLeast
    const labels = { name: arm, to, waitMs, atLeast, met: isMet ? 'yes' : 'no' }
    return [{ labels, samples: ratios.map((ratio) => ({ ratio })) }]
  })
}

function samplesOf(runs: readonly ArmRuns[], name: string, waitMs: number): readonly Sample[] | undefined {
  return runs.find(({ labels }) => labels.name === name && labels.waitMs === waitMs)?.samples
}

function rateOf(sample: Sample | undefined): number {
  return sample?.recordsPerSecond ?? Number.NaN
}
