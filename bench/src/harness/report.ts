import { median, rounded, type Spread, spreadOf } from '../stats/spread.ts'
import { alignColumns } from './align-columns.ts'
import type { ArmRuns, Labels } from './sample.ts'

export interface Column {
  /** The figure of the samples that it shows. */
  readonly metric: string
  readonly title: string
  readonly digits: number
  /** Whether the smallest and the largest round are shown beside the median. */
  readonly hasSpread?: true
}

/** An arm over all rounds: its labels, and for each column a median or a spread. */
export type ArmReport = Labels | Readonly<Record<string, string | number | Spread>>

export interface Table {
  /** What the rows are called in JSON. */
  readonly name: string
  readonly columns: readonly Column[]
  readonly runs: readonly ArmRuns[]
}

export interface BenchReport {
  readonly id: string
  readonly settings: Readonly<Record<string, string | number | readonly number[]>>
  readonly tables: readonly Table[]
}

export function toJson({ id, settings, tables }: BenchReport): string {
  const rows = tables.map(({ name, columns, runs }) => [name, runs.map((arm) => summarise(arm, columns))])
  return JSON.stringify({ id, settings, ...Object.fromEntries(rows) })
}

export function summarise({ labels, samples }: ArmRuns, columns: readonly Column[]): ArmReport {
  const figures = columns.map(({ metric, digits, hasSpread }) => {
    const values = samples.map((sample) => sample[metric] as number)
    const { min, median: middle, max } = spreadOf(values)
    const spread = { min: rounded(min, digits), median: rounded(middle, digits), max: rounded(max, digits) }
    return [metric, hasSpread ? spread : spread.median]
  })
  return { ...labels, ...Object.fromEntries(figures) }
}

export function formatReport({ id, settings, tables }: BenchReport): string {
  const shown = Object.entries(settings).map(([name, value]) => `${name} ${value}`)
  return [`bench ${id} (${shown.join(', ')})`, ...tables.flatMap((table) => ['', formatTable(table)])].join('\n')
}

function formatTable({ name, columns, runs }: Table): string {
  const labelNames = Object.keys(runs[0]?.labels ?? {}).filter((label) => label !== 'name')
  const header = [name, ...labelNames, ...columns.flatMap(titlesOf)]
  const rows = runs.map(({ labels, samples }) => [
    labels.name,
    ...labelNames.map((label) => String(labels[label])),
    ...columns.flatMap((column) =>
      cellsOf(
        column,
        samples.map((sample) => sample[column.metric] as number),
      ),
    ),
  ])
  return alignColumns([header, ...rows])
}

function titlesOf({ title, hasSpread }: Column): string[] {
  return hasSpread ? [`${title} (median)`, 'min', 'max'] : [title]
}

function cellsOf({ digits, hasSpread }: Column, values: readonly number[]): string[] {
  const shown = hasSpread ? [median(values), Math.min(...values), Math.max(...values)] : [median(values)]
  return shown.map((value) => value.toFixed(digits))
}
