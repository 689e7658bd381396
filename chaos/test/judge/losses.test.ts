import { expect, test } from 'vitest'
import { judgeLosses } from '../../src/judge/losses.ts'
import { traceRecords } from '../../src/judge/trace.ts'
import { HistoryBuilder } from './history-builder.ts'

const judge = (history: HistoryBuilder) => judgeLosses(traceRecords(history.entries)).map(({ text }) => text)

test('nothing is lost where every record ended somewhere', () => {
  const history = new HistoryBuilder()
    .produced(2)
    .started({ process: 'a', offset: 0, from: 1 })
    .ran({ process: 'b', offset: 0, from: 5 }, 6)
    .ran({ process: 'b', offset: 1, from: 7 }, 8)
  expect(judge(history)).toEqual([])
})

test('a record that never started is lost', () => {
  const history = new HistoryBuilder().produced(2).ran({ process: 'a', offset: 0, from: 1 }, 2)
  expect(judge(history)).toEqual(['t/0@1 (k) never reached a handler'])
})

test('a record that never ended is lost', () => {
  const history = new HistoryBuilder().produced(1).started({ process: 'a', offset: 0, from: 1 })
  expect(judge(history)).toEqual(['t/0@0 (k) was started 1 times and never ended'])
})

test('a record in whose place another one came is found', () => {
  const history = new HistoryBuilder().produced(1)
  history.note(1, 'a', { kind: 'start', topic: 't', partition: 0, offset: 0, run: 1, key: 'x', sequence: 7 })
  history.note(2, 'a', { kind: 'end', topic: 't', partition: 0, offset: 0, run: 1 })
  expect(judge(history)).toEqual(['t/0@0 (k): another record came in its place'])
})
