import { expect, test } from 'vitest'
import type { Note } from '../../src/history/entry.ts'
import { Membership } from '../../src/judge/membership.ts'
import { judgeProcesses } from '../../src/judge/processes.ts'
import { HistoryBuilder } from './history-builder.ts'

const judge = ({ entries }: HistoryBuilder) => judgeProcesses(entries, new Membership(entries)).map(({ text }) => text)
const exit = (code: number | null, signal: string | null, isExpected: boolean): Note => {
  return { kind: 'exit', target: 'a', code, signal, isExpected }
}

test('processes that are killed or leave are as they should be', () => {
  expect(judge(new HistoryBuilder().killed(1, 'b').note(9, 'program', exit(0, null, true)))).toEqual([])
})

test.each([
  [exit(1, null, false), 'a ended by itself (code 1, signal null)'],
  [exit(null, 'SIGKILL', true), 'a did not leave in time'],
  [{ kind: 'failed', reason: 'HF_INTERNAL' } as Note, 'program failed: HF_INTERNAL'],
  [{ kind: 'lost', reason: 'evicted' } as Note, 'program lost its membership: evicted'],
  [
    { kind: 'log', level: 'error', message: 'client crashed', fields: { code: 'HF' } } as Note,
    'program logged "client crashed" {"code":"HF"}',
  ],
])('%o is found', (note, text) => {
  expect(judge(new HistoryBuilder().note(1, 'program', note))).toEqual([text])
})

test.each([
  ['others had the processor', [], 100, 0],
  ['it used the processor itself', [], 200, 1],
  ['nothing says who had the processor', [], undefined, 1],
  ['a handler is named', ['t/0@0 (handle)'], 100, 1],
] as const)('of an event loop that stood still where %s', (_where, attempts, processorMs, violations) => {
  const fields = { durationMs: 363, processorMs, attempts }
  const stood: Note = { kind: 'log', level: 'error', message: 'it stood still', fields }
  expect(judge(new HistoryBuilder().note(1, 'program', stood))).toHaveLength(violations)
})

test('the event loop of a frozen process stands still for as long, whichever handlers it names', () => {
  const stood = (durationMs: number): Note => {
    const fields = { durationMs, processorMs: 3, attempts: ['t/0@0 (handle)'] }
    return { kind: 'log', level: 'error', message: 'it stood still', fields }
  }
  const history = new HistoryBuilder()
    .note(1_000, 'program', { kind: 'fault', fault: 'freeze', target: 'a' })
    .note(9_000, 'a', stood(8_000))
    .note(9_100, 'a', { kind: 'lost', reason: 'it slept' })
  expect(judge(history)).toEqual([])
  expect(judge(history.note(20_000, 'a', stood(300)))).toHaveLength(1)
  expect(judge(new HistoryBuilder().note(9_000, 'a', stood(8_000)))).toHaveLength(1)
})

test('a frozen process may lose its membership once', () => {
  const history = new HistoryBuilder()
    .note(1, 'program', { kind: 'fault', fault: 'freeze', target: 'a' })
    .note(9, 'a', { kind: 'lost', reason: 'it slept' })
  expect(judge(history)).toEqual([])
  expect(judge(history.note(20, 'a', { kind: 'lost', reason: 'again' }))).toEqual(['a lost its membership: again'])
})
