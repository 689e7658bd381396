import { expect, test } from 'vitest'
import { formatReport, toJson } from '../../src/harness/report.ts'

const report = {
  id: 'sample',
  settings: { records: 10 },
  tables: [
    {
      name: 'arms',
      columns: [
        { metric: 'rate', title: 'records/s', digits: 0, hasSpread: true },
        { metric: 'share', title: 'share', digits: 2 },
      ],
      runs: [
        {
          labels: { name: 'ours', slots: 10 },
          samples: [
            { rate: 1, share: 0.5 },
            { rate: 3, share: 0.751 },
          ],
        },
      ],
    },
  ],
} as const

test('a report is a line of JSON', () => {
  expect(JSON.parse(toJson(report))).toEqual({
    id: 'sample',
    settings: { records: 10 },
    arms: [{ name: 'ours', slots: 10, rate: { min: 1, median: 2, max: 3 }, share: 0.63 }],
  })
})

test('a report is a table', () => {
  expect(formatReport(report).split('\n')).toEqual([
    'bench sample (records 10)',
    '',
    'arms  slots  records/s (median)  min  max  share',
    'ours     10                   2    1    3   0.63',
  ])
})
