import { alignColumns } from 'holdfast-bench/align-columns'
import type { ArmResult } from '../run/arm-result.ts'

const HEADER: readonly string[] = [
  'arm',
  'processes',
  'mails requested',
  'delivered',
  'duplicates',
  'rebalances',
  'commits',
  'delivered/s',
]

/** All arms, a row each. */
export function formatTable(results: readonly ArmResult[]): string {
  const rows = results.map(({ arm, requested, delivered, duplicates, rebalances, commits, recordsPerSecond }) => [
    arm.title,
    ...[arm.members, requested, delivered, duplicates, rebalances, commits].map(String),
    recordsPerSecond.toFixed(2),
  ])
  return alignColumns([HEADER, ...rows])
}
