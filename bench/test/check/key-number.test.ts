import { expect, test } from 'vitest'
import { readKeyNumber, writeKey } from '../../src/check/key-number.ts'

test.each([0, 7, 10, 99_999, 1_234_567])('a key carries its number %i', (number) => {
  expect(readKeyNumber(Buffer.from(writeKey(number)))).toBe(number)
})

test('no key has no number', () => {
  expect(readKeyNumber(null)).toBe(-1)
})
