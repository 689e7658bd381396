import type { ArmRuns, Labels, Sample } from './sample.ts'

export interface Contestant {
  readonly labels: Labels
  run(round: number): Promise<Sample>
}

/**
 * Runs every arm once a round. The order of the arms turns round from one round to the next, so that what drifts on the
 * machine favours none of them.
 */
export async function takeTurns(
  contestants: readonly Contestant[],
  rounds: number,
  log: (line: string) => void,
): Promise<ArmRuns[]> {
  const samples = new Map(contestants.map((contestant): [Contestant, Sample[]] => [contestant, []]))
  for (let round = 1; round <= rounds; round += 1) {
    for (const contestant of round % 2 === 1 ? contestants : contestants.toReversed()) {
      const sample = await contestant.run(round)
      samples.get(contestant)?.push(sample)
      log(`round ${round}/${rounds} ${Object.values(contestant.labels).join(' · ')}: ${showSample(sample)}`)
    }
  }
  return contestants.map((contestant) => ({ labels: contestant.labels, samples: samples.get(contestant) ?? [] }))
}

/** Adds to every sample its ratio to the reference arm's sample of the same round: rounds differ more than arms do. */
export function withRatio(
  runs: readonly ArmRuns[],
  metric: string,
  isReference: (labels: Labels) => boolean,
): ArmRuns[] {
  const base = runs.find(({ labels }) => isReference(labels))?.samples ?? []
  return runs.map(({ labels, samples }) => ({
    labels,
    samples: samples.map((sample, round) => ({
      ...sample,
      ratio: (sample[metric] as number) / (base[round]?.[metric] as number),
    })),
  }))
}

function showSample(sample: Sample): string {
  return Object.entries(sample)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join(', ')
}
