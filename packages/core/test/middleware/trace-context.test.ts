import { expect, test } from 'vitest'
import { traceParentOf } from '../../src/middleware/trace-context.ts'
import { type HeaderEntry, RecordHeaders } from '../../src/model/record.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const of = (...entries: readonly [string, string | null][]) =>
  traceParentOf(
    RecordHeaders.of(entries.map(([name, value]): HeaderEntry => [name, value === null ? null : Buffer.from(value)])),
  )

test('traceparent and tracestate are read', () => {
  expect(of(['traceparent', `00-${TRACE}-${SPAN}-01`], ['tracestate', 'a=1'])).toEqual({
    ...{ traceId: TRACE, spanId: SPAN, traceFlags: 1, traceState: 'a=1' },
  })
})

test('of several the last traceparent counts, and tracestate is one list', () => {
  const other = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`
  expect(
    of(['traceparent', other], ['traceparent', `00-${TRACE}-${SPAN}-00`], ['tracestate', 'a=1'], ['tracestate', 'b=2']),
  ).toMatchObject({ traceId: TRACE, traceFlags: 0, traceState: 'a=1,b=2' })
})

test('a later version may say more', () => {
  expect(of(['traceparent', `cc-${TRACE}-${SPAN}-01-what-comes`])).toMatchObject({ traceId: TRACE })
})

test.each<[string, string | null]>([
  ['null', null],
  ['empty', ''],
  ['no text', '\u0000'],
  ['version ff', `ff-${TRACE}-${SPAN}-01`],
  ['more than version 00 says', `00-${TRACE}-${SPAN}-01-x`],
  ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['too short', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['a line after it', `00-${TRACE}-${SPAN}-01\n`],
  ['a megabyte', `01-${TRACE}-${SPAN}-01-${'x'.repeat(2 ** 20)}`],
])('a traceparent that is %s is not taken', (_name, value) => {
  expect(of(['traceparent', value], ['tracestate', 'a=1'])).toBeUndefined()
})

test.each([null, '', 'a='.padEnd(513, 'x')])('a tracestate that is absent or too long is left out', (value) => {
  expect(of(['traceparent', `00-${TRACE}-${SPAN}-01`], ['tracestate', value])).toMatchObject({ traceState: undefined })
})
