import type { Sampled } from '../history/entry.ts'
import type { Coverage } from './coverage.ts'
import { firstEndOf, showRecord, type Trace, type Traces } from './trace.ts'
import type { Violation } from './violation.ts'

/** No sample may show a commit past a record that had no effect yet, nor one below an earlier one. */
export function judgeCommits(traces: Traces, coverage: Coverage): Violation[] {
  return [...coverage.partitions].flatMap((partition) => {
    const samples = coverage.samplesOf(partition)
    return [...findEarly(samples, traces.get(partition) ?? []), ...findGoneBack(samples, partition)]
  })
}

function findEarly(samples: readonly Sampled[], traces: readonly Trace[]): Violation[] {
  const endedAt = traces.map((trace) => firstEndOf(trace) ?? Number.POSITIVE_INFINITY)
  const allEndedAt = runningMaximum(endedAt)
  const violations: Violation[] = []
  for (const sample of samples) {
    const { offset, at } = sample
    const below = countBelow(traces, offset)
    if (offset > (traces.at(-1)?.offset ?? -1) + 1)
      violations.push({ kind: 'early commit', text: `${showSample(sample)} is past the end of the log` })
    else if (below > 0 && (allEndedAt[below - 1] as number) > at)
      violations.push(early(sample, traces[endedAt.findIndex((ended) => ended > at)] as Trace))
    for (let bound = 0; bound < sample.doneAhead.length; bound += 2) {
      const [from, to] = [sample.doneAhead[bound], sample.doneAhead[bound + 1]] as [number, number]
      for (let index = countBelow(traces, from); index < countBelow(traces, to); index += 1)
        if ((endedAt[index] as number) > at) violations.push(early(sample, traces[index] as Trace))
    }
  }
  return violations
}

function findGoneBack(samples: readonly Sampled[], partition: string): Violation[] {
  const violations: Violation[] = []
  let highest = 0
  for (const { offset } of samples) {
    if (offset < highest)
      violations.push({ kind: 'commit went back', text: `${partition} was at ${highest}, then at ${offset}` })
    highest = Math.max(highest, offset)
  }
  return violations
}

function early(sample: Sampled, trace: Trace): Violation {
  return { kind: 'early commit', text: `${showSample(sample)} covers ${showRecord(trace)}, which had not ended` }
}

function showSample({ topic, partition, offset }: Sampled): string {
  return `the commit of ${topic}/${partition} at ${offset}`
}

function runningMaximum(values: readonly number[]): number[] {
  let highest = Number.NEGATIVE_INFINITY
  return values.map((value) => {
    highest = Math.max(highest, value)
    return highest
  })
}

/** How many of the traces have an offset below this one. */
function countBelow(traces: readonly Trace[], offset: number): number {
  let [low, high] = [0, traces.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((traces[middle] as Trace).offset < offset) low = middle + 1
    else high = middle
  }
  return low
}
