import { expect, test } from 'vitest'
import { judgeCommits } from '../../src/judge/commits.ts'
import { Coverage } from '../../src/judge/coverage.ts'
import { traceRecords } from '../../src/judge/trace.ts'
import { HistoryBuilder } from './history-builder.ts'

const judge = ({ entries }: HistoryBuilder) =>
  judgeCommits(traceRecords(entries), new Coverage(entries)).map(({ kind, text }) => `${kind}: ${text}`)

/** Offset 0 ends at 10, 1 at 50, 2 at 20. */
const handled = () =>
  new HistoryBuilder()
    .produced(3)
    .ran({ process: 'a', offset: 0, from: 1 }, 10)
    .ran({ process: 'a', offset: 1, from: 1 }, 50)
    .ran({ process: 'a', offset: 2, from: 1 }, 20)

test('commits that follow the effects are good, with what is done past them', () => {
  expect(judge(handled().sampled(12, 1).sampled(25, 1, [2, 3]).sampled(60, 3))).toEqual([])
})

test('a commit past a record whose effect has not happened is early', () => {
  expect(judge(handled().sampled(12, 1).sampled(30, 3))).toEqual([
    'early commit: the commit of t/0 at 3 covers t/0@1 (k), which had not ended',
  ])
})

test('a commit past a record that never ended is early', () => {
  const history = new HistoryBuilder().produced(1).started({ process: 'a', offset: 0, from: 1 }).sampled(30, 1)
  expect(judge(history)).toHaveLength(1)
})

test('what is named as done past the offset can be early too', () => {
  expect(judge(handled().sampled(15, 1, [2, 3]))).toEqual([
    'early commit: the commit of t/0 at 1 covers t/0@2 (k), which had not ended',
  ])
})

test('a commit past the end of the log is early', () => {
  expect(judge(handled().sampled(60, 4))).toEqual(['early commit: the commit of t/0 at 4 is past the end of the log'])
})

test('a commit that goes back is found', () => {
  expect(judge(handled().sampled(60, 3).sampled(70, 1))).toEqual(['commit went back: t/0 was at 3, then at 1'])
})
