import type { Sample } from './arm.ts'

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

export interface ArmReport {
  readonly name: string
  readonly recordsPerSecond: Spread
  /** The median, over rounds, of this arm against the reference arm of the same round. */
  readonly ratio: number
  readonly cpuMicrosPerRecord: number
  readonly rssMiB: number
}

export interface BenchReport {
  readonly id: string
  readonly arms: readonly ArmReport[]
}

export type Samples = ReadonlyMap<string, readonly Sample[]>

/** Sums the rounds up; ratios are taken within each round, since rounds differ more than arms do. */
export function summarise(id: string, samples: Samples, reference: string): BenchReport {
  const referenceRates = (samples.get(reference) ?? []).map(({ recordsPerSecond }) => recordsPerSecond)
  const arms = [...samples].map(([name, rounds]): ArmReport => {
    const rates = rounds.map(({ recordsPerSecond }) => recordsPerSecond)
    return {
      name,
      recordsPerSecond: {
        min: Math.round(Math.min(...rates)),
        median: Math.round(median(rates)),
        max: Math.round(Math.max(...rates)),
      },
      ratio: rounded(median(rates.map((rate, round) => rate / (referenceRates[round] as number))), 3),
      cpuMicrosPerRecord: rounded(median(rounds.map(({ cpuMicrosPerRecord }) => cpuMicrosPerRecord)), 2),
      rssMiB: Math.round(median(rounds.map(({ rssMiB }) => rssMiB))),
    }
  })
  return { id, arms }
}

export function formatReport({ id, arms }: BenchReport, reference: string): string {
  const header = ['arm', 'records/s (median)', 'min', 'max', `ratio to ${reference}`, 'CPU µs/record', 'RSS MiB']
  const rows = arms.map(({ name, recordsPerSecond: { min, median: middle, max }, ratio, cpuMicrosPerRecord, rssMiB }) =>
    [name, middle, min, max, ratio.toFixed(2), cpuMicrosPerRecord.toFixed(2), rssMiB].map(String),
  )
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] as string).length)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
      )
      .join('  ')
  return [`bench ${id}`, line(header), ...rows.map(line)].join('\n')
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
