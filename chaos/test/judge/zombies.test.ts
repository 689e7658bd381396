import { expect, test } from 'vitest'
import { Coverage } from '../../src/judge/coverage.ts'
import { Membership } from '../../src/judge/membership.ts'
import { traceRecords } from '../../src/judge/trace.ts'
import { judgeZombies } from '../../src/judge/zombies.ts'
import { HistoryBuilder, PARTITION, TOPIC } from './history-builder.ts'

const judge = ({ entries }: HistoryBuilder) =>
  judgeZombies(entries, traceRecords(entries), new Membership(entries), new Coverage(entries)).map(
    ({ kind, text }) => `${kind}: ${text}`,
  )

/** Worker z holds the partition, is frozen from 100 to 9000 and finds out at 9100; worker b takes over at 6000. */
const frozen = ({ hasHeir = true, hasAbort = true } = {}) => {
  const history = new HistoryBuilder()
    .joined(1, 'z', 1)
    .note(100, 'program', { kind: 'fault', fault: 'freeze', target: 'z' })
    .note(9_000, 'program', { kind: 'thaw', target: 'z' })
    .note(9_100, 'z', { kind: 'lost', reason: 'it slept' })
    .joined(6_000, 'b', 2, hasHeir ? [PARTITION] : [])
    .ran({ process: 'b', offset: 0, from: 6_010 }, 6_100)
    .started({ process: 'z', offset: 0, from: 50 })
  return hasAbort ? history.aborted(9_099, 'z', 0, 'lost') : history
}

const commitOf = (epoch: number, offset: number) => ({
  kind: 'committed' as const,
  offsets: [{ topic: TOPIC, partition: 0, epoch, offset }],
})

test('a zombie that aborts and commits nothing is good', () => {
  expect(judge(frozen())).toEqual([])
})

test('a signal that does not abort is found, and shows nothing', () => {
  expect(judge(frozen({ hasAbort: false }))).toEqual([
    'zombie: t/0@0 (k): its signal at z did not abort',
    'nothing shown: no handler of a zombie was running when it woke',
  ])
})

test('an effect after the new owner is the documented window, one before is not', () => {
  expect(judge(frozen().ran({ process: 'z', offset: 0, from: 60 }, 9_050))).toEqual([])
  expect(judge(frozen().ran({ process: 'z', offset: 1, from: 60 }, 9_050))).toEqual([
    "zombie: t/0@1 (k): the effect of z came before the new owner's",
  ])
})

test('a commit of its work after it woke is found', () => {
  expect(judge(frozen().note(9_050, 'z', commitOf(1, 1)))).toEqual(['zombie: z committed t/0 at 1 after it woke'])
})

test('the late answer to a commit that the broker held before is none, nor is one of a new epoch', () => {
  expect(judge(frozen().sampled(150, 1).note(9_050, 'z', commitOf(1, 1)).note(9_900, 'z', commitOf(3, 2)))).toEqual([])
})

test('a freeze that nobody took over from shows nothing', () => {
  expect(judge(frozen({ hasHeir: false }))).toEqual(['nothing shown: nobody took over from z while it stood still'])
})
