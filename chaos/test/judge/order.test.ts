import { expect, test } from 'vitest'
import { Membership } from '../../src/judge/membership.ts'
import { judgeOrder } from '../../src/judge/order.ts'
import { traceRecords } from '../../src/judge/trace.ts'
import { HistoryBuilder } from './history-builder.ts'

const judge = ({ entries }: HistoryBuilder) =>
  judgeOrder(traceRecords(entries), new Membership(entries)).map(({ text }) => text)

test('keys may overtake each other, records of a key may not', () => {
  const history = new HistoryBuilder()
    .ran({ process: 'a', offset: 0, from: 1, key: 'x' }, 90)
    .ran({ process: 'a', offset: 1, from: 2, key: 'y' }, 5)
    .ran({ process: 'a', offset: 2, from: 91, key: 'x' }, 95)
  expect(judge(history)).toEqual([])
})

test('a key whose later record ended first is found', () => {
  const history = new HistoryBuilder()
    .ran({ process: 'a', offset: 1, from: 1 }, 5)
    .ran({ process: 'a', offset: 0, from: 6 }, 9)
  expect(judge(history)).toEqual(['t/0@1 (k) ended before t/0@0 (k)'])
})

test('the first effect counts, not a later repeat', () => {
  const history = new HistoryBuilder()
    .ran({ process: 'a', offset: 0, from: 1 }, 5)
    .ran({ process: 'a', offset: 1, from: 6 }, 9)
    .killed(10, 'a')
    .ran({ process: 'b', offset: 0, from: 20 }, 25)
  expect(judge(history)).toEqual([])
})

test('a key that runs at two places at once is found', () => {
  const history = new HistoryBuilder()
    .ran({ process: 'a', offset: 0, from: 1 }, 10)
    .ran({ process: 'b', offset: 1, from: 5 }, 15)
  expect(judge(history)).toEqual(['t/0@1 (k) at b started while t/0@0 (k) at a was running'])
})

test('a handler that a kill cut off runs no more', () => {
  const cut = (killedAt: number) =>
    new HistoryBuilder()
      .started({ process: 'a', offset: 0, from: 1 })
      .killed(killedAt, 'a')
      .ran({ process: 'b', offset: 0, from: 20 }, 30)
  expect(judge(cut(10))).toEqual([])
  expect(judge(cut(25))).toHaveLength(1)
})

test('a handler that was told to end holds its key no more', () => {
  const history = new HistoryBuilder()
    .started({ process: 'a', offset: 0, from: 1 })
    .aborted(10, 'a', 0, 'revoked')
    .ended(50, 'a', 0)
    .ran({ process: 'b', offset: 0, from: 20 }, 30)
  expect(judge(history)).toEqual([])
})
