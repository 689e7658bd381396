import type { ArmResult } from '../run/arm-result.ts'

/** Of an arm, for a program to read. */
export interface ArmFigures {
  readonly name: string
  readonly requested: number
  readonly delivered: number
  readonly duplicates: number
  readonly rebalances: number
  readonly commits: number
  readonly recordsPerSecond: number
}

export function toFigures(result: ArmResult): ArmFigures {
  const { arm, requested, delivered, duplicates, rebalances, commits, recordsPerSecond } = result
  const rounded = Number(recordsPerSecond.toFixed(2))
  return { name: arm.name, requested, delivered, duplicates, rebalances, commits, recordsPerSecond: rounded }
}

/** One line. */
export function toJson(results: readonly ArmResult[]): string {
  return JSON.stringify({ arms: results.map(toFigures) })
}
