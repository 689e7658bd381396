import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DoneAhead, decodeDoneAhead, doneAheadFill, encodeDoneAhead } from '../../src/ledger/done-ahead.ts'

const MAX_CHARS = 4_096
const FAR = Number.MAX_SAFE_INTEGER

/** Ranges from a start on, as gaps and lengths; the first may begin at the start itself. */
function ranges(start: number, lengths: readonly (readonly [gap: number, length: number])[]): DoneAhead {
  let last = start
  return lengths.flatMap(([gap, length], index) => {
    const from = last + (index === 0 ? gap - 1 : gap)
    last = from + length
    return [from, last]
  })
}

function alternating(start: number, width: number): DoneAhead {
  return Array.from({ length: width }, (_, index) => start + 1 + index)
}

/** How many offsets the ranges hold. */
function size(bounds: DoneAhead): number {
  return bounds.reduce((sum, bound, index) => sum + (index % 2 === 0 ? -bound : bound), 0)
}

const length = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 20 }) },
  { weight: 2, arbitrary: fc.integer({ min: 16_380, max: 16_390 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 28 - 1, 2 ** 28, 10 ** 12) },
)
const start = fc.constantFrom(0, 1, 31, 2 ** 31 - 3, 2 ** 32, 2 ** 52)
const someRanges = start.chain((first) =>
  fc
    .array(fc.tuple(length, length), { maxLength: 300 })
    .map((lengths) => ({ first, bounds: ranges(first, lengths) }))
    .filter(({ bounds }) => (bounds.at(-1) ?? 0) <= FAR),
)

describe('what is done ahead, as text', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(someRanges, ({ first, bounds }) => {
        const { text, isComplete } = encodeDoneAhead(first, bounds)
        expect(text.length).toBeLessThanOrEqual(MAX_CHARS)
        expect(isComplete).toBe(true)
        expect(decodeDoneAhead(first, text, FAR)).toEqual({ doneAhead: bounds })
      }),
      { numRuns: 500 },
    )
  })

  test('nothing done is no text, and no text is nothing done', () => {
    expect(encodeDoneAhead(7, [])).toEqual({ text: '', isComplete: true })
    expect(decodeDoneAhead(7, '', 7)).toEqual({ doneAhead: [] })
  })

  test.each([
    [
      'run lengths where ranges are long',
      ranges(0, [
        [5, 1_000_000],
        [3, 2_000],
      ]),
      'r',
      20,
    ],
    ['a bitmap where they are many', alternating(0, 1_000), 'b', 80],
  ])('%s', (_, bounds, form, most) => {
    const { text } = encodeDoneAhead(0, bounds)
    expect(text.slice(0, 10)).toBe(`holdfast1${form}`)
    expect(text.length).toBeLessThan(most)
  })

  test('every second of 100,000 offsets: as many as fit, none of them wrong', () => {
    const bounds = alternating(40, 100_000)
    const { text, isComplete } = encodeDoneAhead(40, bounds)
    expect([text.length, isComplete]).toEqual([MAX_CHARS, false])
    const { doneAhead = [] } = decodeDoneAhead(40, text, FAR)
    expect(doneAhead).toEqual(bounds.slice(0, doneAhead.length))
    expect(size(doneAhead)).toBeGreaterThan(30_000)
  })

  test('every character is one that no one trims, escapes or pairs', () => {
    const { text } = encodeDoneAhead(
      3,
      ranges(3, [
        [1, 2 ** 15 - 1],
        [1, 2 ** 14],
        [2 ** 15, 9],
      ]),
    )
    expect(text.isWellFormed()).toBe(true)
    expect(text).not.toMatch(/[\s\p{Cc}\p{Cs}]/u)
  })
})

describe('a text that is not to be trusted is refused as a whole', () => {
  const bounds = ranges(100, [
    [3, 40],
    [9, 1],
    [2, 70],
  ])
  const { text } = encodeDoneAhead(100, bounds)

  test.each([
    ['foreign', 'committed by hand', /not written by holdfast/],
    ['of another version', text.replace('holdfast1', 'holdfast2'), /not written by holdfast/],
    ['only a prefix', 'holdfast1', /damaged/],
    ['of an unknown form', text.replace('holdfast1r', 'holdfast1x'), /damaged/],
    ['empty in its body', text.slice(0, 12), /damaged/],
    ['in another alphabet', `${text.slice(0, 12)}abc`, /damaged/],
  ])('%s', (_, given, reason) => {
    expect(decodeDoneAhead(100, given, FAR).refusal).toMatch(reason)
  })

  test('cut off anywhere, or with any character changed', () => {
    for (let end = 1; end < text.length; end += 1)
      expect(decodeDoneAhead(100, text.slice(0, end), FAR).refusal, `cut at ${end}`).toBeDefined()
    for (let at = 0; at < text.length; at += 1) {
      const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1)
      expect(decodeDoneAhead(100, changed, FAR).refusal, `changed at ${at}`).toBeDefined()
    }
  })

  test('written for another offset', () => {
    expect(decodeDoneAhead(101, text, FAR).refusal).toMatch(/another offset/)
  })

  test('naming an offset past the end of the log', () => {
    const end = bounds.at(-1) as number
    expect(decodeDoneAhead(100, text, end).doneAhead).toEqual(bounds)
    expect(decodeDoneAhead(100, text, end - 1).refusal).toMatch(`up to ${end}, but the log ends at ${end - 1}`)
  })

  test('any text at all is answered, never thrown at', () => {
    const any = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }).map((body) => `holdfast1b${body}`),
    )
    fc.assert(
      fc.property(any, (given) => {
        const { doneAhead, refusal } = decodeDoneAhead(5, given, 1_000)
        expect(given === '' || refusal !== undefined || doneAhead !== undefined).toBe(true)
      }),
    )
  })
})

test('the room that is said to be taken is never less than the room that is taken', () => {
  fc.assert(
    fc.property(someRanges, ({ first, bounds }) => {
      const { text } = encodeDoneAhead(first, bounds)
      const fill = doneAheadFill(bounds.length / 2, (bounds.at(-1) ?? first) - first)
      expect(fill * MAX_CHARS).toBeGreaterThanOrEqual(text.length - 16)
    }),
  )
})
