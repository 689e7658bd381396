import { expect, test } from 'vitest'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { resolveConfig } from '../../src/config/resolve.ts'
import { warnings } from '../../src/config/rules.ts'
import { on } from '../../src/pipeline/handler.ts'
import { circuitBreaker } from '../../src/policy/circuit-breaker.ts'
import { deadLetter, retry } from '../../src/policy/failure-policy.ts'
import { ScriptedDriver } from '../support/scripted-driver.ts'

const smtp = circuitBreaker({ name: 'smtp' })
const handler = (options: object, topic = 't') => on(topic, options, () => undefined)
const given = (options: object): ConsumerOptions => ({
  driver: new ScriptedDriver().factory,
  groupId: 'g',
  handlers: [handler({})],
  ...options,
})

test.each<[string, object, string, RegExp]>([
  [
    'at-most-once, which cannot hold what has failed',
    { delivery: 'at-most-once', circuit: smtp },
    'HF_PROMISE_CONFLICT',
    /circuit = smtp of t cannot be kept with delivery = "at-most-once"/,
  ],
  [
    'at-most-once beside the circuit of a handler',
    { delivery: 'at-most-once', handlers: [handler({ circuit: smtp })] },
    'HF_PROMISE_CONFLICT',
    /circuit = smtp of t/,
  ],
  [
    'two of one name',
    { handlers: [handler({ circuit: smtp }), handler({ circuit: circuitBreaker({ name: 'smtp' }) }, 'u')] },
    'HF_OPTION_INVALID',
    /two circuit breakers are named smtp/,
  ],
  [
    'the circuit of a handler that is none',
    { handlers: [handler({ circuit: { name: 'smtp' } })] },
    'HF_OPTION_INVALID',
    /circuit of t is not a circuit breaker/,
  ],
  ['the circuit of a consumer that is none', { circuit: { name: 'smtp' } }, 'HF_OPTION_INVALID', /circuit = /],
])('%s is refused', (_name, options, code, message) => {
  expect(() => resolveConfig(given(options))).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  )
})

test('one that handlers share, and the consumer has as well, is taken', () => {
  const handlers = [handler({ circuit: smtp }), handler({}, 'u')]
  expect(resolveConfig(given({ circuit: smtp, handlers })).config.circuit).toBe(smtp)
})

test.each<[string, object, number]>([
  ['as many attempts as failures', { circuit: smtp }, 0],
  ['fewer attempts', { circuit: smtp, maxAttempts: 4 }, 1],
  ['none at all', { circuit: smtp, onFailure: deadLetter({ topic: 'dead' }) }, 1],
  ['more for some errors', { circuit: smtp, onFailure: retry({ attempts: 1 }).when(Error, retry({ attempts: 9 })) }, 0],
  [
    'a share instead',
    { circuit: circuitBreaker({ name: 'a', failureRatio: { above: 0.5, attempts: 9 } }), maxAttempts: 1 },
    0,
  ],
])('a record that is given up before its circuit opens is warned of: %s', (_name, options, expected) => {
  const found = warnings(resolveConfig(given(options)).config)
  expect(found.filter((warning) => warning.includes('the circuit breaker'))).toHaveLength(expected)
})
