import { expect, test } from 'vitest'
import { judgeDrains } from '../../src/judge/drains.ts'
import { traceRecords } from '../../src/judge/trace.ts'
import { HistoryBuilder } from './history-builder.ts'

const judge = ({ entries }: HistoryBuilder) => judgeDrains(entries, traceRecords(entries)).map(({ text }) => text)

/** The attempt at offset 0 is aborted at 50; the drain is over at 80. */
const outlived = ({ named = true, logged = true, endedAt = 200, runsAgain = 1 } = {}) => {
  const history = new HistoryBuilder()
    .started({ process: 'a', offset: 0, from: 1 })
    .aborted(50, 'a', 0, 'revoked')
    .ended(endedAt, 'a', 0)
    .note(80, 'a', { kind: 'drained', cause: 'rebalance', abandoned: named ? ['t/0@0'] : [] })
  const abandoned = logged ? ['t/0@0 (handle)'] : ['t/0@00 (handle)']
  history.note(80, 'a', { kind: 'log', level: 'warn', message: 'drained without some', fields: { abandoned } })
  for (let run = 0; run < runsAgain; run += 1)
    history.ran({ process: 'b', offset: 0, from: 100 + run * 20 }, 110 + run * 20)
  return history
}

test('what outlives a drain is named, logged, and runs once more', () => {
  expect(judge(outlived())).toEqual([])
})

test('a drain that does not name it is found', () => {
  expect(judge(outlived({ named: false }))).toEqual(['t/0@0 (k) at a outlived a drain that does not name it'])
})

test('a log that does not name it is found', () => {
  expect(judge(outlived({ logged: false }))).toEqual(['t/0@0 (k) at a outlived a drain, and no log line names it'])
})

test.each([0, 2])('%i deliveries after it are found', (runsAgain) => {
  expect(judge(outlived({ runsAgain }))).toEqual([
    `t/0@0 (k) at a outlived a drain and was delivered ${runsAgain} times after it`,
  ])
})

test('what ends while the drain still waits needs no name, and shows nothing', () => {
  expect(judge(outlived({ endedAt: 60, named: false, runsAgain: 0 }))).toEqual(['no handler outlived a drain'])
})
