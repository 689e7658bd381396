import { expect, test } from 'vitest'
import { toJson } from '../../src/report/figures.ts'
import { lagAt } from '../../src/report/lag-at.ts'
import { drawLagChart } from '../../src/report/lag-chart.ts'
import { formatTable } from '../../src/report/table.ts'
import { RESULTS } from './results.ts'

test('the line for programs has the figures of every arm', () => {
  expect(JSON.parse(toJson(RESULTS)).arms[1]).toEqual({
    name: 'holdfast',
    requested: 100,
    delivered: 100,
    duplicates: 0,
    rebalances: 0,
    commits: 50,
    recordsPerSecond: 12.35,
  })
  expect(toJson(RESULTS)).not.toContain('\n')
})

test('the table has a row per arm', () => {
  const [header, ...rows] = formatTable(RESULTS).split('\n')
  expect(header).toMatch(/^arm .*duplicates.*rebalances.*commits/)
  expect(rows[0]).toMatch(/^kafkajs eachBatch +2 +100 +40 +30 +4 +2 +2\.00$/)
  expect(rows).toHaveLength(2)
})

test('the lag at a time is the last one seen; an arm that has ended has none', () => {
  const lag = RESULTS[1]!.lag
  expect([0, 4.9, 5, 8, 8.1, 8.2].map((seconds) => lagAt(lag, seconds))).toEqual([0, 0, 50, 50, 0, undefined])
})

test('the chart of an arm that ends early is as much shorter', () => {
  const widths = RESULTS.map((result) => {
    const rows = drawLagChart(result, 100, 20).split('\n').slice(1, -1)
    return Math.max(...rows.map((row) => row.trimEnd().length))
  })
  expect(widths[1]).toBeLessThan((widths[0] as number) / 2)
})
