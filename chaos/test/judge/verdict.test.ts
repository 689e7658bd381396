import { expect, test } from 'vitest'
import { judgeHistory } from '../../src/judge/verdict.ts'
import { churn } from '../../src/stories/churn.ts'
import { HistoryBuilder } from './history-builder.ts'

/** Offset 0 is committed, then its worker is killed while 1 runs; the next one does 1 again, and 2. */
const story = () =>
  new HistoryBuilder()
    .produced(3)
    .note(2, 'program', { kind: 'fault', fault: 'join', target: 'guest-1' })
    .note(999, 'program', { kind: 'sampling', count: 100, longestGapMs: 60 })
    .joined(3, 'a', 1)
    .ran({ process: 'a', offset: 0, from: 10 }, 30)
    .sampled(60, 1)
    .started({ process: 'a', offset: 1, from: 35 })
    .killed(70, 'a')
    .joined(300, 'b', 2)
    .ran({ process: 'b', offset: 1, from: 310 }, 330)
    .ran({ process: 'b', offset: 2, from: 340 }, 360)
    .sampled(400, 3)

test('a good history passes, with its figures', () => {
  expect(judgeHistory(churn, story().entries)).toMatchObject({
    counts: {
      records: 3,
      lost: 0,
      repeats: 1,
      allowedRepeats: 1,
      orderViolations: 0,
      earlyCommits: 0,
      rebalances: 2,
      faults: 2,
    },
    violations: [],
  })
})

test.each([
  ['lost', (history: HistoryBuilder) => history.produced(4)],
  ['repeat', (history: HistoryBuilder) => history.ran({ process: 'b', offset: 2, from: 500 }, 510)],
  ['order', (history: HistoryBuilder) => history.ran({ process: 'b', offset: 3, from: 305 }, 320)],
  ['early commit', (history: HistoryBuilder) => history.sampled(350, 3)],
  ['commit went back', (history: HistoryBuilder) => history.sampled(410, 2)],
  [
    'stall',
    (history: HistoryBuilder) => history.note(900, 'program', { kind: 'phase', phase: 'stalled', detail: 't/0' }),
  ],
  ['process', (history: HistoryBuilder) => history.note(900, 'b', { kind: 'failed', reason: 'why' })],
])('a planted violation is found: %s', (kind, plant) => {
  expect(judgeHistory(churn, plant(story()).entries).violations.map((violation) => violation.kind)).toContain(kind)
})

test('a run in which nothing happened shows nothing', () => {
  const kinds = judgeHistory(churn, []).violations.map(({ text }) => text)
  expect(kinds).toEqual([
    'no join happened',
    'no kill happened',
    'the committed offsets were read 0 times only',
    'nothing was produced',
  ])
})
