import { type Entry, entriesOf, type Measured } from '../history/entry.ts'
import type { Violation } from './violation.ts'

/** What may differ without being a leak: compiled code, caches, pools, a connection that is about to close. */
const TOLERANCE = { handles: 4, timers: 20, heapMiB: 24, rssMiB: 96 } as const

/** Compares the last measure of each process with its first. */
export function judgeLeaks(entries: readonly Entry[]): Violation[] {
  const pairs = pairMeasures(entries)
  if (pairs.length === 0) return [{ kind: 'nothing shown', text: 'no worker was measured before and after the faults' }]
  return pairs.flatMap(([first, last]) =>
    Object.entries(TOLERANCE).flatMap(([name, tolerance]): Violation[] => {
      const figure = name as keyof typeof TOLERANCE
      if (last[figure] - first[figure] <= tolerance) return []
      const text = `${last.process} had ${show(first[figure])} ${figure} before the faults and ${show(last[figure])} after`
      return [{ kind: 'leak', text }]
    }),
  )
}

export function showMeasures(entries: readonly Entry[]): string[] {
  return pairMeasures(entries).map(([first, last]) => {
    const figures = Object.keys(TOLERANCE).map((name) => {
      const figure = name as keyof typeof TOLERANCE
      return `${figure} ${show(first[figure])} → ${show(last[figure])}`
    })
    return `${last.process}: ${figures.join(', ')}`
  })
}

function pairMeasures(entries: readonly Entry[]): [Measured, Measured][] {
  const byProcess = Map.groupBy(entriesOf(entries, 'measure'), ({ process }) => process)
  return [...byProcess.values()].flatMap((measures): [Measured, Measured][] =>
    measures.length < 2 ? [] : [[measures[0] as Measured, measures.at(-1) as Measured]],
  )
}

function show(figure: number): string {
  return String(Math.round(figure))
}
