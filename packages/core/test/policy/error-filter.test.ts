import { expect, test } from 'vitest'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { type ErrorFilter, matches } from '../../src/policy/error-filter.ts'
import { deadLetter, retry, skip } from '../../src/policy/failure-policy.ts'

class SmtpError extends Error {}
/** Some libraries throw what is no `Error`. */
class Refusal {}

function asked(filter: unknown, error: unknown = new SmtpError()) {
  const causes: unknown[] = []
  const fits = matches(filter as ErrorFilter, error, (cause) => void causes.push(cause))
  return { fits, causes }
}

test.each([
  ['a class', SmtpError, new SmtpError(), true],
  ['a class of another error', RangeError, new SmtpError(), false],
  ['Error', Error, new SmtpError(), true],
  ['a class that is no error', Refusal, new Refusal(), true],
  ['a class that is no error, of another thrown value', Refusal, 'text', false],
  ['a function', (error: unknown) => error === 'down', 'down', true],
  ['a function with an answer that is no boolean', () => 'yes', 'down', true],
  ['a function without an answer', () => undefined, 'down', false],
  [
    'a class, for what a decoder threw',
    SmtpError,
    new HoldfastError('HF_DECODE_FAILED', 'x', { cause: new SmtpError() }),
    true,
  ],
] as const)('%s fits, or does not', (_name, filter, error, fits) => {
  expect(asked(filter, error)).toEqual({ fits, causes: [] })
})

test('a function that throws fits nothing, whatever it throws', () => {
  for (const thrown of [new TypeError('no status'), undefined, 'text']) {
    const throwing = (): never => {
      throw thrown
    }
    expect(asked(throwing)).toEqual({ fits: false, causes: [thrown] })
  }
})

test('an async function fits nothing, and what it rejects with is not unhandled', async () => {
  const { fits, causes } = asked(async () => Promise.reject(new Error('later')))
  expect(fits).toBe(false)
  expect(causes).toEqual([expect.objectContaining({ message: expect.stringContaining('a promise') })])
  // vitest fails a run that leaves a rejection unhandled.
  await new Promise(setImmediate)
})

test('the cases behind one that throws are asked, and so are those within', () => {
  const broken = (): never => {
    throw new Error('broken')
  }
  const causes: unknown[] = []
  const policy = retry()
    .when(broken, skip('never'))
    .when(SmtpError, deadLetter().when(broken, skip('never')))
  const steps = policy.stepsFor(new SmtpError(), (cause) => void causes.push(cause))
  expect(steps).toEqual(deadLetter().steps)
  expect(causes).toHaveLength(2)
})

test('what is no promise of this realm, and has a then, is no answer either', () => {
  // biome-ignore lint/suspicious/noThenProperty: as the queries of some database libraries
  const query = { then: (_resolve: unknown, reject: (error: unknown) => void) => reject(new Error('down')) }
  expect(asked(() => query)).toMatchObject({
    fits: false,
    causes: [new TypeError('it answered a promise, and must answer at once')],
  })
})
