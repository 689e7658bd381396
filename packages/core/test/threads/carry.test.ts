import { deserialize, serialize } from 'node:v8'
import { expect, test } from 'vitest'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { type Carried, carry, uncarry } from '../../src/threads/carry.ts'
import { notCloneable } from '../../src/threads/not-cloneable.ts'

const across = (value: unknown): unknown => uncarry(deserialize(serialize(carry(value))) as Carried)

test('an error of ours comes back as one', () => {
  const cause = new RangeError('below')
  const error = across(new HoldfastError('HF_HANDLER_FAILED', 'above', { cause, details: { offset: 3 } }))
  expect(error).toBeInstanceOf(HoldfastError)
  expect(error).toMatchObject({
    code: 'HF_HANDLER_FAILED',
    message: 'HF_HANDLER_FAILED: above',
    details: { offset: 3 },
  })
  expect((error as Error).cause).toBeInstanceOf(RangeError)
})

test('an aggregate keeps its errors', () => {
  const error = across(new AggregateError([new TypeError('a'), 'b'], 'both')) as AggregateError
  expect(error).toMatchObject({ name: 'AggregateError', message: 'both' })
  expect(error.errors[0]).toBeInstanceOf(TypeError)
  expect(error.errors[1]).toBe('b')
})

test('a DOMException keeps its name and code', () => {
  expect(across(new DOMException('late', 'TimeoutError'))).toMatchObject({
    name: 'TimeoutError',
    message: 'late',
    code: 23,
  })
})

test('errors that hold each other end somewhere', () => {
  const error = new Error('a')
  error.cause = Object.assign(new Error('b'), { cause: error })
  expect(across(error)).toMatchObject({ message: 'a', cause: { message: 'b', cause: { message: 'a' } } })
})

test('an error whose fields throw is told in a few words, and so is what cannot be cloned', () => {
  const error = new Error('x')
  Object.defineProperty(error, 'name', {
    get: () => {
      throw new Error('y')
    },
  })
  expect(typeof across(error)).toBe('string')
  expect(across(() => undefined)).toBe('a thrown function')
})

test('of an error whose stack is no text the rest arrives', () => {
  const error = Object.assign(new TypeError('x'), { stack: [{ getFileName: () => 'a.js' }] })
  expect(across(error)).toMatchObject({ name: 'TypeError', message: 'x', stack: undefined })
})

test.each([
  [() => 1, 'v is a function'],
  [{ a: [{ b: Symbol('s') }] }, 'v.a[0].b is a symbol'],
  [{ a: Promise.resolve() }, 'v.a is a Promise'],
  [new Map([[1, () => 1]]), 'v is a Map'],
  [{ a: Buffer.from('x'), b: new Date(), c: new Set([1n]) }, undefined],
])('%o: %s', (value, reason) => {
  expect(notCloneable(value, 'v')).toBe(reason)
})
