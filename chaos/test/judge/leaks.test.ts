import { expect, test } from 'vitest'
import { judgeLeaks } from '../../src/judge/leaks.ts'
import { HistoryBuilder } from './history-builder.ts'

const before = { rssMiB: 100, heapMiB: 30, handles: 8, timers: 5 }
const judge = (after: typeof before) =>
  judgeLeaks(
    new HistoryBuilder().note(1, 'a', { kind: 'measure', ...before }).note(9, 'a', { kind: 'measure', ...after })
      .entries,
  ).map(({ text }) => text)

test('what differs a little is no leak', () => {
  expect(judge({ rssMiB: 130, heapMiB: 35, handles: 10, timers: 9 })).toEqual([])
})

test('handles, memory and timers that stay are', () => {
  expect(judge({ rssMiB: 300, heapMiB: 90, handles: 40, timers: 100 })).toEqual([
    'a had 8 handles before the faults and 40 after',
    'a had 5 timers before the faults and 100 after',
    'a had 30 heapMiB before the faults and 90 after',
    'a had 100 rssMiB before the faults and 300 after',
  ])
})

test('without measures nothing is shown', () => {
  expect(judgeLeaks([])).toMatchObject([{ kind: 'nothing shown' }])
})
