import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ledger } from '../../src/ledger/ledger.ts'
import { type RecordSource, recordsOf, sourceOf } from '../../src/model/record-source.ts'
import { record } from '../support/scripted-driver.ts'

const records = (...offsets: number[]): RecordSource => sourceOf(offsets.map((offset) => record(offset)))
const offsetsOf = (source: RecordSource): number[] => recordsOf(source).map(({ offset }) => offset)

const RUNS = Number(process.env.LEDGER_RUNS ?? 2_000)

/** The ledger as a list of offsets. */
class Model {
  readonly open: number[] = []
  next: number

  constructor(start: number) {
    this.next = start
  }

  isDone(offset: number): boolean {
    return offset < this.next && !this.open.includes(offset)
  }

  get committable(): number {
    return this.open.length === 0 ? this.next : Math.min(...this.open)
  }

  settle(offset: number): boolean {
    const index = this.open.indexOf(offset)
    if (index >= 0) this.open.splice(index, 1)
    return index >= 0
  }
}

type Step =
  | { readonly type: 'track'; readonly gaps: readonly number[]; readonly after: number }
  | { readonly type: 'skip'; readonly by: number }
  | { readonly type: 'settle'; readonly at: number }
  | { readonly type: 'settle unknown'; readonly offset: number }

const gap = fc.oneof(
  { weight: 20, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 70 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 1_050 }) },
  { weight: 1, arbitrary: fc.constant(1_000_000_000) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('track' as const), gaps: fc.array(gap, { maxLength: 80 }), after: gap }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('skip' as const), by: gap }) },
  {
    weight: 30,
    arbitrary: fc.record({
      type: fc.constant('settle' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('settle unknown' as const),
      offset: fc.integer({ min: -10, max: 2 ** 31 }),
    }),
  },
)
const start = fc.constantFrom(0, 1, 31, 2 ** 31 - 3, 2 ** 32 - 3, 2 ** 32 + 5, 2 ** 52)

function apply(step: Step, ledger: Ledger, model: Model): void {
  switch (step.type) {
    case 'track': {
      const offsets = step.gaps.map((gap) => {
        const offset = model.next + gap
        model.next = offset + 1
        model.open.push(offset)
        return offset
      })
      model.next += step.after
      return void ledger.track(records(...offsets), model.next)
    }
    case 'skip':
      model.next += step.by
      return ledger.skipTo(model.next)
    case 'settle': {
      const offset = model.open[Math.floor(step.at * model.open.length)]
      if (offset === undefined) return
      expect(ledger.settle(offset)).toBe(model.settle(offset))
      return expect(ledger.settle(offset)).toBe(false)
    }
    case 'settle unknown':
      return expect(ledger.settle(step.offset)).toBe(model.settle(step.offset))
  }
}

test('it is a sorted list of open offsets, only faster', () => {
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 120 }), (first, steps) => {
      const [ledger, model] = [new Ledger(first), new Model(first)]
      let last = first
      for (const step of steps) {
        apply(step, ledger, model)
        expect([ledger.committable, ledger.next, ledger.open]).toEqual([
          model.committable,
          model.next,
          model.open.length,
        ])
        expect(ledger.committable).toBeGreaterThanOrEqual(last)
        last = ledger.committable
      }
      expectAhead(ledger, model)
    }),
    { numRuns: RUNS },
  )
})

/** The ranges are exactly what is done past the lowest open offset, and a ledger that is given them runs the rest. */
function expectAhead(ledger: Ledger, model: Model): void {
  const bounds = ledger.doneAhead(Number.POSITIVE_INFINITY)
  const { committable, next } = ledger
  expect(bounds).toEqual(bounds.toSorted((a, b) => a - b))
  expect(ledger.aheadRanges).toBe(bounds.length / 2)
  expect(ledger.aheadSpan).toBe((bounds.at(-1) ?? committable) - committable)
  for (const bound of bounds)
    expect([model.isDone(bound - 1), bound < next && model.isDone(bound)]).not.toEqual([true, true])
  const heir = new Ledger(committable, bounds)
  const log = model.open.toSorted((a, b) => a - b)
  const done = bounds.filter((_, index) => index % 2 === 0)
  const offsets = [...log, ...done].toSorted((a, b) => a - b)
  expect(offsetsOf(heir.track(records(...offsets), next))).toEqual(log)
  expect(heir.doneAhead(Number.POSITIVE_INFINITY)).toEqual(bounds)
  expect([heir.committable, heir.next, heir.open]).toEqual([committable, next, log.length])
}

test('what an earlier owner had done is known before its records come, and goes with the next commit', () => {
  const ledger = new Ledger(10, [12, 15, 20, 5_000])
  expect([ledger.committable, ledger.doneAhead(10)]).toEqual([10, [12, 15, 20, 5_000]])
  expect(offsetsOf(ledger.track(records(10, 11, 12, 13), 14))).toEqual([10, 11])
  expect(ledger.doneAhead(10)).toEqual([12, 15, 20, 5_000])
  ledger.settle(10)
  expect([ledger.committable, ledger.settled, ledger.doneAhead(10)]).toEqual([11, 1, [12, 15, 20, 5_000]])
  ledger.settle(11)
  expect([ledger.committable, ledger.doneAhead(10)]).toEqual([14, [14, 15, 20, 5_000]])
  expect(offsetsOf(ledger.track(records(15, 25, 5_001), 5_002))).toEqual([15, 5_001])
  expect([ledger.committable, ledger.doneAhead(10)]).toEqual([15, [16, 5_001]])
})

test('ranges past the number that is wanted are left out', () => {
  const ledger = new Ledger(0, [100, 101])
  ledger.track(records(0, 1, 2, 3, 4), 5)
  ledger.settle(1)
  ledger.settle(3)
  expect([ledger.doneAhead(2), ledger.doneAhead(9)]).toEqual([
    [1, 2, 3, 4],
    [1, 2, 3, 4, 100, 101],
  ])
})

test('what is settled in any order is committable as far as the lowest open offset', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }).chain((count) =>
        fc.shuffledSubarray(
          Array.from({ length: count }, (_, index) => index),
          { minLength: count },
        ),
      ),
      (order) => {
        const ledger = new Ledger(0)
        ledger.track(records(...order.keys()), order.length)
        const open = new Set(order)
        for (const offset of order) {
          ledger.settle(offset)
          open.delete(offset)
          expect(ledger.committable).toBe(open.size === 0 ? order.length : Math.min(...open))
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('a skip back changes nothing', () => {
  const ledger = new Ledger(10)
  ledger.track(records(10, 11), 12)
  ledger.skipTo(5)
  expect([ledger.next, ledger.committable, ledger.open]).toEqual([12, 10, 2])
})

test('a wide window with every second offset open is read in place', () => {
  const ledger = new Ledger(0)
  const width = 100_000
  ledger.track(sourceOf(Array.from({ length: width }, (_, offset) => record(offset))), width)
  for (let offset = 1; offset < width; offset += 2) ledger.settle(offset)
  expect([ledger.committable, ledger.open]).toEqual([0, width / 2])
  const wrong: number[] = []
  for (let offset = 0; offset < width; offset += 2) {
    ledger.settle(offset)
    if (ledger.committable !== offset + 2) wrong.push(offset)
  }
  expect(wrong).toEqual([])
})
