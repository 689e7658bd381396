import { expect, test } from 'vitest'
import type { Violation } from '../src/judge/violation.ts'
import { formatResult, toJson } from '../src/report.ts'
import { drain } from '../src/stories/drain.ts'

const counts = {
  records: 10,
  lost: 0,
  repeats: 1,
  allowedRepeats: 2,
  orderViolations: 0,
  earlyCommits: 0,
  rebalances: 3,
  faults: 4,
}
const resultWith = (violations: readonly Violation[], historyPath?: string) => ({
  story: drain,
  seed: 5,
  seconds: 30,
  verdict: { counts, violations, notes: ['a note'] },
  historyPath,
})

test('a good run is told with its figures', () => {
  expect(formatResult(resultWith([]))).toBe(
    [
      'drain, seed 5, 30 s: passed',
      '  records 10, lost 0, repeats 1 of 2 allowed',
      '  order violations 0, early commits 0, rebalances 3',
      '  a note',
    ].join('\n'),
  )
})

test('a failed one is told with what broke, its history, and how to run it again', () => {
  const losses = Array.from({ length: 7 }, (_, index): Violation => ({ kind: 'lost', text: `record ${index}` }))
  const lines = formatResult(resultWith(losses, 'history.jsonl')).split('\n')
  expect(lines[0]).toBe('drain, seed 5, 30 s: FAILED')
  expect(lines.slice(4)).toEqual([
    ...Array.from({ length: 5 }, (_, index) => `  lost: record ${index}`),
    '  lost: and 2 more',
    '  history: history.jsonl',
    '  again: pnpm chaos --seed 5 --story drain --minutes 0.5',
  ])
})

test('JSON is one line with the sums of all stories', () => {
  expect(JSON.parse(toJson(5, [resultWith([]), resultWith([])]))).toEqual({
    seed: 5,
    records: 20,
    lost: 0,
    repeats: 2,
    allowedRepeats: 4,
    orderViolations: 0,
    earlyCommits: 0,
    rebalances: 6,
    faults: 8,
  })
})
