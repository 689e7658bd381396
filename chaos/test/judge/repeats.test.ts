import { describe, expect, test } from 'vitest'
import { Coverage } from '../../src/judge/coverage.ts'
import { Membership } from '../../src/judge/membership.ts'
import { judgeRepeats } from '../../src/judge/repeats.ts'
import type { Settlement } from '../../src/judge/settlement.ts'
import { traceRecords } from '../../src/judge/trace.ts'
import { HistoryBuilder } from './history-builder.ts'

function judge({ entries }: HistoryBuilder, after: Settlement['repeatsAfter'] = ['kill']) {
  const ports = { membership: new Membership(entries), coverage: new Coverage(entries), after }
  const { repeats, allowed, violations } = judgeRepeats(traceRecords(entries), ports)
  return { repeats, allowed, texts: violations.map(({ text }) => text) }
}

/** Worker a runs offset 0 from 10 to 30; worker b gets the partition at 100. */
const handedOver = () =>
  new HistoryBuilder().produced(2).joined(1, 'a', 1).ran({ process: 'a', offset: 0, from: 10 }, 30).joined(100, 'b', 2)

describe('after a kill', () => {
  test('what no commit covered may run again', () => {
    const history = handedOver().killed(40, 'a').ran({ process: 'b', offset: 0, from: 110 }, 130)
    expect(judge(history)).toEqual({ repeats: 1, allowed: 1, texts: [] })
  })

  test('the bound counts what did not run again', () => {
    expect(judge(handedOver().killed(40, 'a'))).toEqual({ repeats: 0, allowed: 1, texts: [] })
  })

  test('what a commit covered may not', () => {
    const history = handedOver().sampled(35, 1).killed(40, 'a').ran({ process: 'b', offset: 0, from: 110 }, 130)
    expect(judge(history)).toEqual({
      repeats: 1,
      allowed: 0,
      texts: ['t/0@0 (k) ran at a and again at b, though a commit that the broker held covered it'],
    })
  })

  test('nor what a commit named as done past its offset', () => {
    const history = handedOver()
      .ran({ process: 'a', offset: 1, from: 10 }, 20)
      .sampled(35, 0, [1, 2])
      .killed(40, 'a')
      .ran({ process: 'b', offset: 1, from: 110 }, 130)
    expect(judge(history)).toMatchObject({ repeats: 1, allowed: 1, texts: [expect.stringContaining('t/0@1')] })
  })

  test('a commit that came with a later owner is too late to forbid it', () => {
    const history = handedOver().killed(40, 'a').ran({ process: 'b', offset: 0, from: 110 }, 130).sampled(150, 1)
    expect(judge(history)).toMatchObject({ repeats: 1, allowed: 1, texts: [] })
  })

  test('a third run needs a second kill', () => {
    const history = handedOver()
      .killed(40, 'a')
      .ran({ process: 'b', offset: 0, from: 110 }, 130)
      .joined(200, 'c', 3)
      .ran({ process: 'c', offset: 0, from: 210 }, 230)
    expect(judge(history)).toMatchObject({ repeats: 2, allowed: 1, texts: [expect.stringContaining('again at c')] })
  })
})

test('a repeat without a fault is found', () => {
  const history = handedOver().ran({ process: 'b', offset: 0, from: 110 }, 130)
  expect(judge(history)).toEqual({
    repeats: 1,
    allowed: 0,
    texts: ['t/0@0 (k) ran at a and again at b, though no fault had ended the first'],
  })
})

test('a repeat after the kill of somebody else is found', () => {
  const history = handedOver().killed(40, 'z').ran({ process: 'b', offset: 0, from: 110 }, 130)
  expect(judge(history).texts).toHaveLength(1)
})

test('a repeat before the kill is found', () => {
  const history = handedOver().ran({ process: 'b', offset: 0, from: 110 }, 130).killed(140, 'a')
  expect(judge(history).texts).toHaveLength(1)
})

test('a repeat under an assignment from before the kill is found', () => {
  const history = handedOver().killed(105, 'a').ran({ process: 'b', offset: 0, from: 110 }, 130)
  expect(judge(history).texts).toEqual([expect.stringContaining('before the first had ended')])
})

describe('after a freeze', () => {
  const frozen = () =>
    handedOver()
      .note(25, 'program', { kind: 'fault', fault: 'freeze', target: 'a' })
      .note(300, 'program', { kind: 'thaw', target: 'a' })
      .note(320, 'a', { kind: 'lost', reason: 'it slept' })

  test('the new owner may run what the frozen one had, and the zombie what it has in hand', () => {
    const history = frozen()
      .ran({ process: 'b', offset: 0, from: 110 }, 130)
      .ran({ process: 'b', offset: 1, from: 130 }, 150)
      .started({ process: 'a', offset: 1, from: 310 })
    expect(judge(history, ['freeze'])).toEqual({ repeats: 2, allowed: 2, texts: [] })
  })

  test('the zombie may run nothing once it knows', () => {
    const history = frozen()
      .ran({ process: 'b', offset: 1, from: 110 }, 130)
      .started({ process: 'a', offset: 1, from: 330 })
    expect(judge(history, ['freeze']).texts).toHaveLength(1)
  })
})

test('after an abort by a drain a record may run again, once', () => {
  const drained = () =>
    new HistoryBuilder()
      .produced(1)
      .joined(1, 'a', 1)
      .started({ process: 'a', offset: 0, from: 10 })
      .aborted(50, 'a', 0, 'revoked')
      .joined(100, 'b', 2)
      .ran({ process: 'b', offset: 0, from: 110 }, 130)
  expect(judge(drained(), ['abort'])).toEqual({ repeats: 1, allowed: 1, texts: [] })
  expect(judge(drained().started({ process: 'b', offset: 0, from: 140 }), ['abort']).texts).toHaveLength(1)
  expect(judge(drained(), ['kill']).texts).toHaveLength(1)
})
