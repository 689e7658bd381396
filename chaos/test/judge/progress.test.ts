import { expect, test } from 'vitest'
import { judgeProgress, longestPauseMs } from '../../src/judge/progress.ts'
import { HistoryBuilder } from './history-builder.ts'

const faultsUntil = (to: number) =>
  new HistoryBuilder()
    .note(0, 'program', { kind: 'phase', phase: 'faults began', detail: '' })
    .note(to, 'program', { kind: 'phase', phase: 'faults ended', detail: '' })

test('a pause within the limit is none', () => {
  const { entries } = faultsUntil(7_000).ran({ process: 'a', offset: 0, from: 1 }, 4_000)
  expect(longestPauseMs(entries)).toBe(4_000)
  expect(judgeProgress(entries, 5_000)).toEqual([])
})

test('a longer one is a stall, at the end too', () => {
  const { entries } = faultsUntil(10_000).ran({ process: 'a', offset: 0, from: 1 }, 4_000)
  expect(judgeProgress(entries, 5_000)).toEqual([
    { kind: 'stall', text: 'no record ended for 6000 ms while faults happened' },
  ])
})

test('what was not caught up with is a stall', () => {
  const { entries } = faultsUntil(10).note(20, 'program', { kind: 'phase', phase: 'stalled', detail: 't/0 at 1 of 2' })
  expect(judgeProgress(entries, undefined)).toEqual([{ kind: 'stall', text: 't/0 at 1 of 2' }])
})
