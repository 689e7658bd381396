import { expect, test } from 'vitest'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { Circuit } from '../../src/policy/circuit.ts'
import { type CircuitBreakerOptions, circuitBreaker } from '../../src/policy/circuit-breaker.ts'
import { Fatal, RetryLater, Skip, Unavailable } from '../../src/policy/verdicts.ts'

const circuit = (options: Partial<CircuitBreakerOptions> = {}): Circuit =>
  new Circuit(circuitBreaker({ name: 'smtp', consecutiveFailures: 2, halfOpenAfterMs: 100, ...options }))

test('failures in a row open it, and a success between them begins anew', () => {
  const smtp = circuit()
  expect([smtp.failed(0), smtp.state]).toEqual([false, 'closed'])
  smtp.succeeded()
  expect(smtp.failed(1)).toBe(false)
  expect(smtp.failed(2)).toBe(true)
  expect([smtp.state, smtp.untilMs, smtp.downSinceMs]).toEqual(['open', 102, 2])
})

test('it ripens once, when its wait is over; the wait doubles up to its bound, and begins anew after a success', () => {
  const smtp = circuit({ halfOpenMaxMs: 300 })
  smtp.failed(0)
  smtp.failed(0)
  const waits: number[] = []
  for (let round = 0, nowMs = 0; round < 4; round += 1) {
    waits.push(smtp.untilMs - nowMs)
    expect(smtp.ripen(smtp.untilMs - 1)).toBe(false)
    nowMs = smtp.untilMs
    expect([smtp.ripen(nowMs), smtp.ripen(nowMs), smtp.state]).toEqual([true, false, 'half-open'])
    smtp.probeFailed(nowMs)
  }
  expect(waits).toEqual([100, 200, 300, 300])
  smtp.ripen(smtp.untilMs)
  smtp.probeSucceeded()
  expect([smtp.failed(5_000), smtp.failed(5_000), smtp.untilMs]).toEqual([false, true, 5_100])
})

test('what began before it opened changes nothing', () => {
  const smtp = circuit()
  smtp.failed(0)
  smtp.failed(0)
  smtp.succeeded()
  expect([smtp.failed(50), smtp.state, smtp.untilMs]).toEqual([false, 'open', 100])
  smtp.ripen(100)
  smtp.succeeded()
  expect([smtp.failed(150), smtp.state]).toEqual([false, 'half-open'])
})

test('a share of failures opens it only when all attempts of the window have been made', () => {
  const smtp = new Circuit(circuitBreaker({ name: 'smtp', failureRatio: { above: 0.5, attempts: 4 } }))
  expect([smtp.failed(0), smtp.failed(0), smtp.failed(0)]).toEqual([false, false, false])
  smtp.succeeded()
  expect(smtp.failed(0)).toBe(true)
})

const unexpected = (cause: unknown): never => {
  throw cause
}

test.each<[string, unknown, boolean]>([
  ['an error', new Error('connection refused'), true],
  ['what is no error', 'down', true],
  ['an attempt that was aborted at its time-out', new HoldfastError('HF_ABORTED', 'deadline'), true],
  ['a time-out of the middleware', new HoldfastError('HF_MIDDLEWARE_TIMEOUT', 'late'), true],
  ['a record that does not decode', new HoldfastError('HF_DECODE_FAILED', 'no JSON'), false],
  ['a poison record', new HoldfastError('HF_POISON_RECORD', 'poison'), false],
  ['an answer that is not allowed', new HoldfastError('HF_BATCH_RESULT_INVALID', 'of a batch'), false],
  ['Fatal', new Fatal('550'), false],
  ['Skip', new Skip('sent already'), false],
  ['RetryLater', new RetryLater(10), false],
])('by default %s counts as a failure of the dependency: %s %s', (_name, error, counts) => {
  expect(circuitBreaker({ name: 'smtp' }).isFailure(error, unexpected)).toBe(counts)
})

test("when says which errors are the dependency's, but for records that cannot be tried and for verdicts", () => {
  class Refused extends Error {}
  const all = circuitBreaker({ name: 'a', when: () => true })
  const undecoded = new HoldfastError('HF_DECODE_FAILED', 'x')
  const never = [undecoded, new Fatal('x'), new Skip('x'), new Unavailable('redis')]
  expect(never.filter((error) => all.isFailure(error, unexpected))).toEqual([])
  expect(all.isFailure(new RetryLater(10), unexpected)).toBe(true)
  const one = circuitBreaker({ name: 'b', when: Refused })
  expect([new Refused(), new Error('other')].map((error) => one.isFailure(error, unexpected))).toEqual([true, false])
})

test.each<[string, object, RegExp]>([
  ['no name', { name: ' ' }, /needs a name/],
  ['an option that is not there', { name: 'a', treshold: 3 }, /no option "treshold"/],
  ['no failures', { name: 'a', consecutiveFailures: 0 }, /consecutiveFailures = 0/],
  ['a share of all', { name: 'a', failureRatio: { above: 1, attempts: 5 } }, /failureRatio.above = 1/],
  ['a window of none', { name: 'a', failureRatio: { above: 0.5, attempts: 0 } }, /failureRatio.attempts = 0/],
  ['no wait', { name: 'a', halfOpenAfterMs: 0 }, /halfOpenAfterMs = 0/],
  ['a bound below the first wait', { name: 'a', halfOpenMaxMs: 10 }, /halfOpenMaxMs = 10 below halfOpenAfterMs = 5000/],
  ['a filter that is none', { name: 'a', when: 'always' }, /cannot have this when/],
])('%s is refused', (_name, options, message) => {
  expect(() => circuitBreaker(options as CircuitBreakerOptions)).toThrow(message)
})
