/** What is due for an attempt of some age; each rung is climbed once. */
export type DeadlineRung = 'warn' | 'pause' | 'abort'

const RUNGS: readonly (readonly [rung: DeadlineRung, fraction: number])[] = [
  ['warn', 0.5],
  ['pause', 0.8],
  ['abort', 1],
]

/** The rungs that an attempt of this age has reached, lowest first. */
export function rungsReached(ageMs: number, maxPollIntervalMs: number): readonly DeadlineRung[] {
  return RUNGS.filter(([, fraction]) => ageMs >= maxPollIntervalMs * fraction).map(([rung]) => rung)
}
