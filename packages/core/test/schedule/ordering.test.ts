import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { createOrdering, type NullKey, type Order } from '../../src/schedule/ordering.ts'
import { record } from '../support/scripted-driver.ts'

const keyed = (offset: number, key: Buffer | null): ConsumerRecord => ({ ...record(offset, { partition: 0 }), key })

const dealt = (order: Order, records: readonly ConsumerRecord[], nullKey: NullKey = 'record'): number[][] =>
  [...createOrdering(order, nullKey)(records)].map(([, lane]) => lane.map(({ offset }) => offset))

const RECORDS = [
  keyed(0, Buffer.from('a')),
  keyed(1, Buffer.from('b')),
  keyed(2, null),
  keyed(3, Buffer.from('a')),
  keyed(4, null),
  keyed(5, Buffer.from('')),
]

test.each<[order: Order, nullKey: NullKey, lanes: number[][]]>([
  ['partition', 'record', [[0, 1, 2, 3, 4, 5]]],
  ['none', 'record', [[0], [1], [2], [3], [4], [5]]],
  ['key', 'record', [[0, 3], [1], [2], [4], [5]]],
  ['key', 'partition', [[0, 3], [1], [2, 4], [5]]],
  [
    ({ offset }) => offset % 2,
    'record',
    [
      [0, 2, 4],
      [1, 3, 5],
    ],
  ],
])('order %s, null keys by %s', (order, nullKey, lanes) => {
  expect(dealt(order, RECORDS, nullKey)).toEqual(lanes)
})

test('keys are equal by their bytes, whatever they are', () => {
  const bytes = [Buffer.from([0xff, 0xfe]), Buffer.from([0xff, 0xfe]), Buffer.from([0xff, 0xfd]), Buffer.from([0])]
  const large = Buffer.alloc(1_000_000, 7)
  const records = [...bytes, large, Buffer.from(large)].map((key, offset) => keyed(offset, key))
  expect(dealt('key', records)).toEqual([[0, 1], [2], [3], [4, 5]])
})

test('a key that reads like an offset is not the lane of a record without a key', () => {
  expect(dealt('key', [keyed(7, null), keyed(8, Buffer.from('7'))])).toEqual([[7], [8]])
})

test.each([
  ['throws', () => JSON.parse('{'), /threw SyntaxError/],
  ['answers nothing', () => undefined as never, /answered undefined/],
])('a function that %s names the record', (_, order, message) => {
  expect(() => dealt(order, RECORDS)).toThrow(message)
  expect(() => dealt(order, RECORDS)).toThrow(/t\/0@0.*Fix: /s)
})
