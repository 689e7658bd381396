import { partitionName } from '@holdfast/core'
import { type Ended, type Entry, entriesOf } from '../history/entry.ts'

export interface Pauses {
  /** Between two records of a partition whose owner stayed. */
  readonly stayed: readonly number[]
  /** From the last record at the old owner to the first at the new one. */
  readonly moved: readonly number[]
}

/** How long each partition stood still while faults happened, in milliseconds. */
export function findPauses(entries: readonly Entry[]): Pauses {
  const phases = entriesOf(entries, 'phase')
  const from = phases.find(({ phase }) => phase === 'faults began')?.at ?? 0
  const to = phases.find(({ phase }) => phase === 'faults ended')?.at ?? 0
  const ends = entriesOf(entries, 'end').filter(({ at }) => at > from && at < to)
  const stayed: number[] = []
  const moved: number[] = []
  for (const list of Map.groupBy(ends, partitionName).values()) {
    list.sort((a, b) => a.at - b.at)
    for (const [index, end] of list.entries()) {
      const before = list[index - 1] as Ended | undefined
      if (before !== undefined) (before.process === end.process ? stayed : moved).push(end.at - before.at)
    }
  }
  return { stayed, moved }
}

export function showPauses(entries: readonly Entry[]): string[] {
  const { stayed, moved } = findPauses(entries)
  return [
    `pauses of partitions that stayed: ${describe(stayed)}`,
    `pauses of partitions that moved: ${describe(moved)}`,
  ]
}

function describe(pauses: readonly number[]): string {
  const sorted = pauses.toSorted((a, b) => a - b)
  const [median, most] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
  if (median === undefined || most === undefined) return 'none'
  return `${sorted.length}, median ${Math.round(median)} ms, at most ${Math.round(most)} ms`
}
