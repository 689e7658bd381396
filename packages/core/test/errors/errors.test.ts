import { expect, test } from 'vitest'
import { ERROR_CODES } from '../../src/errors/codes.ts'
import type { ErrorCode } from '../../src/errors/error-code.ts'
import { describeError, HoldfastError } from '../../src/errors/holdfast-error.ts'
import { parseOffset } from '../../src/model/offset.ts'

test.each(Object.entries(ERROR_CODES))('%s says what it means and what to do', (code, entry) => {
  expect(code).toMatch(/^HF_[A-Z_]+$/)
  expect(entry.meaning).toMatch(/^[A-Z].*\.$/)
  expect(entry.fix).toMatch(/^[A-Z].*\.$/)
  const error = new HoldfastError(code as ErrorCode, 'message')
  expect(error.message).toBe(`${code}: message`)
  expect(error.retryable).toBe(entry.retryable)
})

test('codes are in order, so that two people add theirs without a clash of taste', () => {
  expect(Object.keys(ERROR_CODES)).toEqual(Object.keys(ERROR_CODES).toSorted())
})

test('an error keeps its cause, and its JSON has no stack and no cause', () => {
  const cause = new Error('below')
  const error = new HoldfastError('HF_INTERNAL', 'above', { cause, details: { topic: 't' } })
  expect(error.cause).toBe(cause)
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: 'HoldfastError',
    code: 'HF_INTERNAL',
    message: 'HF_INTERNAL: above',
    retryable: false,
    details: { topic: 't' },
  })
  expect('cause' in new HoldfastError('HF_INTERNAL', 'alone')).toBe(false)
  expect(Object.isFrozen(error.details)).toBe(true)
})

test.each([
  [new TypeError('x'), 'TypeError: x'],
  [new RangeError(''), 'RangeError'],
  ['text', 'a thrown string: text'],
  [undefined, 'a thrown undefined'],
  [null, 'a thrown null'],
  [Object.create(null), 'a thrown object'],
  [() => 1, 'a thrown function'],
  [1n, 'a thrown bigint'],
])('%o is described', (thrown, text) => {
  expect(describeError(thrown)).toBe(text)
})

test.each(['9007199254740992', '1e999', 'NaN', '0x', '-9007199254740993'])('the offset %s cannot be held', (text) => {
  expect(() => parseOffset(text, 't/0')).toThrow(expect.objectContaining({ code: 'HF_OFFSET_UNSAFE' }))
})

test.each([
  ['0', 0],
  ['-1', -1],
  ['4294967301', 2 ** 32 + 5],
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
])('the offset %s is read', (text, offset) => {
  expect(parseOffset(text, 't/0')).toBe(offset)
})

test.each(['', ' ', '1.5', '0x10', '1e3'])('%o is no offset', (text) => {
  expect(() => parseOffset(text, 't/0')).toThrow()
})
