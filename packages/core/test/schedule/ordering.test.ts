import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { OrderFunction } from '../../src/schedule/order-function.ts'
import { createLaneKey, createOrdering, type NullKey, type SafeOrder } from '../../src/schedule/ordering.ts'
import { record } from '../support/scripted-driver.ts'

const keyed = (offset: number, key: Buffer | null): ConsumerRecord => ({ ...record(offset, { partition: 0 }), key })

const dealt = (order: SafeOrder, records: readonly ConsumerRecord[], nullKey: NullKey = 'record'): number[][] =>
  [...createOrdering(order, nullKey)(records)].map(([, lane]) => lane.map(({ offset }) => offset))

const RECORDS = [
  keyed(0, Buffer.from('a')),
  keyed(1, Buffer.from('b')),
  keyed(2, null),
  keyed(3, Buffer.from('a')),
  keyed(4, null),
  keyed(5, Buffer.from('')),
]

test.each<[order: SafeOrder, nullKey: NullKey, lanes: number[][]]>([
  ['partition', 'record', [[0, 1, 2, 3, 4, 5]]],
  ['none', 'record', [[0], [1], [2], [3], [4], [5]]],
  ['key', 'record', [[0, 3], [1], [2], [4], [5]]],
  ['key', 'partition', [[0, 3], [1], [2, 4], [5]]],
  [
    new OrderFunction(({ offset }) => offset % 2),
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
  ['answers a list', () => ['a'] as never, /answered object/],
  ['answers a promise', () => Promise.reject(new Error('late')) as never, /answered a promise/],
])('a record for which the function %s has a lane of its own, and an error that names it', (_, fail, message) => {
  const order = new OrderFunction((each) => (each.offset % 2 === 0 ? 'even' : fail()))
  const lanes = [...createOrdering(order, 'record')(RECORDS)].map(([, lane]) => lane.map(({ offset }) => offset))
  expect(lanes).toEqual([[0, 2, 4], [1], [3], [5]])
  expect(createLaneKey(order, 'record')(RECORDS[3] as ConsumerRecord)).toBeUndefined()
  expect(order.failureOf(RECORDS[2] as ConsumerRecord)).toBeUndefined()
  const error = order.failureOf(RECORDS[3] as ConsumerRecord)
  expect(error).toMatchObject({ code: 'HF_ORDER_FAILED', message: expect.stringMatching(message) })
  expect(error?.message).toMatch(/t\/0@3.*Fix: /s)
})

test('a record for which the function has failed is not named later', () => {
  let calls = 0
  const order = new OrderFunction(() => {
    calls += 1
    if (calls === 1) throw new Error('not yet')
    return 'a'
  })
  const [first] = RECORDS as [ConsumerRecord]
  expect([order.nameOf(first), order.nameOf(first), calls]).toEqual([undefined, undefined, 1])
})
