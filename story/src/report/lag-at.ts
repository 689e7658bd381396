import type { LagSample } from '../run/arm-result.ts'

/** The last lag that was seen by then; undefined after the arm's end. */
export function lagAt(samples: readonly LagSample[], seconds: number): number | undefined {
  const end = samples.at(-1)
  if (end === undefined || seconds > end.seconds) return undefined
  return samples.findLast((sample) => sample.seconds <= seconds)?.lag
}
