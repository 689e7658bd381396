import { describe, expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { logging } from '../../src/middleware/logging.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { circuitBreaker } from '../../src/policy/circuit-breaker.ts'
import { deadLetter, halt } from '../../src/policy/failure-policy.ts'
import { RetryLater } from '../../src/policy/verdicts.ts'
import { rig, values } from '../support/harness.ts'

const DEAD = 't.dead'
const throwing = (): never => {
  throw new Error('not to be read')
}

/** An error of which one part, or all, cannot be read. */
function unreadable(...parts: readonly string[]): Error {
  const error = new Error('said')
  for (const part of parts) Object.defineProperty(error, part, { get: throwing })
  return error
}

function circular(): Error {
  const error = new Error('a')
  error.cause = new Error('b', { cause: error })
  return error
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const hostile = new Proxy(new Error('behind'), { get: throwing, has: throwing, getPrototypeOf: throwing })

/** What is thrown, and what its dead letter says of its class and message. */
const ODD: readonly (readonly [name: string, thrown: unknown, klass: string, message: string | RegExp])[] = [
  ['undefined', undefined, 'undefined', 'a thrown undefined'],
  ['null', null, 'object', 'a thrown null'],
  ['a text', 'down', 'string', 'a thrown string: down'],
  ['a frozen object', Object.freeze({ code: 5 }), 'object', 'a thrown object'],
  ['a frozen error', Object.freeze(new TypeError('x')), 'TypeError', 'TypeError: x'],
  ['an object without a prototype', Object.create(null), 'object', 'a thrown object'],
  // biome-ignore lint/suspicious/noThenProperty: that it is one is what is tried
  ['a thenable', { then: throwing }, 'object', 'a thrown object'],
  ['an error without a message to read', unreadable('message'), 'Error', /cannot be read/],
  ['an error without a name to read', unreadable('name'), 'Error', 'Error: said'],
  ['an error without a stack to read', unreadable('stack'), 'Error', 'Error: said'],
  ['an error without a cause to read', unreadable('cause'), 'Error', 'Error: said'],
  ['an error without a text', unreadable('toString'), 'Error', 'Error: said'],
  ['an error with nothing to read', unreadable('name', 'message', 'stack', 'cause'), 'Error', /cannot be read/],
  ['an error whose name is a number', Object.assign(new Error('x'), { name: 5 }), '5', '5: x'],
  [
    'an error whose message is a symbol',
    Object.assign(new Error('x'), { message: Symbol('s') }),
    'Error',
    /cannot be described/,
  ],
  ['an error whose stack is a list', Object.assign(new Error('x'), { stack: [{ line: 1 }] }), 'Error', 'Error: x'],
  ['a proxy that throws', hostile, 'Error', /cannot be read/],
  ['a revoked proxy', revoked(), 'Error', /cannot be read/],
  ['a circular chain of causes', circular(), 'Error', 'Error: a'],
]

const isBad = ({ value }: { readonly value: Buffer | null }): boolean => String(value) === '1'
const decoderOf = (fail: () => unknown) => (bytes: Buffer | null) => (String(bytes) === '1' ? fail() : bytes)

/** Where a value is thrown. */
const PLACES: Readonly<Record<string, (fail: () => never) => Partial<ConsumerOptions>>> = {
  'a handler': (fail) => ({ handlers: [on('t', (record) => (isBad(record) ? fail() : undefined))] }),
  'an async handler': (fail) => ({ handlers: [on('t', async (record) => (isBad(record) ? fail() : undefined))] }),
  'a batch handler': (fail) => ({
    handlers: [on('t', { batch: true }, async (records) => (records.some(isBad) ? fail() : undefined))],
    maxPollRecords: 1,
  }),
  'a decoder': (fail) => ({ handlers: [on('t', { value: decoderOf(fail) }, () => undefined)] }),
  'an async decoder': (fail) => ({
    handlers: [on('t', { value: decoderOf(async () => fail()) }, () => undefined)],
  }),
  'an order function': (fail) => ({ order: (record) => (isBad(record) ? fail() : 'all') }),
  'a middleware': (fail) => ({
    use: [logging(), (call, next) => (call.raw.some(isBad) ? fail() : next())],
  }),
}

async function run(options: Partial<ConsumerOptions>) {
  const broker = fakeBroker()
  for (const topic of ['t', DEAD]) broker.createTopic(topic)
  const made = rig({ driver: broker.driver(), deadLetterTopic: DEAD, maxAttempts: 2, retryBackoffMs: 1, ...options })
  made.start()
  await made.clock.settle()
  broker.produce('t', values(0, 3))
  await made.clock.advance('10s')
  return { ...made, broker }
}

const headerOf = ({ headers }: ConsumerRecord, name: string) => headers.get(`holdfast-dead-${name}`)?.toString()

describe.each(Object.entries(PLACES))('thrown by %s', (place, options) => {
  test.each(ODD)('%s: the record fails by its policy, and the others go on', async (_name, thrown, klass, message) => {
    const fail = (): never => {
      throw thrown
    }
    const { broker, ended } = await run(options(fail))
    expect(ended()).toBe('running')
    expect(broker.committed('t', 0)).toBe(3)
    const letters = broker.records(DEAD)
    expect(letters.map(({ value }) => String(value))).toEqual(['1'])
    const [letter] = letters as [ConsumerRecord]
    const said = headerOf(letter, 'error-message')
    if (/decoder|order/.test(place)) return expect(said).toMatch(/^HF_(DECODE|ORDER)_FAILED/)
    expect(headerOf(letter, 'error-class')).toBe(klass)
    if (typeof message === 'string') expect(said).toBe(message)
    else expect(said).toMatch(message)
  })
})

test.each(ODD)('%s meets filters and circuits like any error', async (_name, thrown) => {
  class Own extends Error {}
  const onFailure = deadLetter().when(Own, halt())
  const circuit = circuitBreaker({ name: 'smtp', when: Own })
  const fail = (record: ConsumerRecord): void => {
    if (isBad(record)) throw thrown
  }
  const unsaid: object = { maxAttempts: undefined, retryBackoffMs: undefined }
  const { broker, ended, events } = await run({ handlers: [on('t', { onFailure, circuit }, fail)], ...unsaid })
  expect([ended(), broker.committed('t', 0), broker.records(DEAD).length]).toEqual(['running', 3, 1])
  expect(events('filter:failed')).toEqual([])
})

test('an order function that answers a revoked proxy fails its record', async () => {
  const { broker, ended } = await run({ order: (record) => (isBad(record) ? (revoked() as never) : 'all') })
  expect([ended(), broker.committed('t', 0), broker.records(DEAD).length]).toEqual(['running', 3, 1])
})

test('a decoder that throws beside one that rejects: neither is unhandled, and the record is dead', async () => {
  const value = decoderOf(() => throwing())
  const key = async (): Promise<never> => Promise.reject(new Error('later'))
  const { broker, ended } = await run({ handlers: [on('t', { key, value }, () => undefined)] })
  // vitest fails a run that leaves a rejection unhandled.
  await new Promise(setImmediate)
  expect([ended(), broker.committed('t', 0), broker.records(DEAD).length]).toEqual(['running', 3, 3])
})

describe('RetryLater', () => {
  const once = async (error: RetryLater) => {
    let isFirst = true
    const handler = on('t', (record) => {
      if (!isBad(record) || !isFirst) return
      isFirst = false
      throw error
    })
    const made = await run({ handlers: [handler] })
    return { ...made, pauseMs: made.events('attempt:failed')[0]?.retryInMs as number }
  }

  test.each([
    ['NaN', Number.NaN],
    ['a text', '5s' as never],
    ['undefined', undefined as never],
  ])('of %s leaves the pause to the back-off', async (_name, delayMs) => {
    const { pauseMs, broker } = await once(new RetryLater(delayMs))
    expect(pauseMs).toBeGreaterThanOrEqual(0)
    expect(pauseMs).toBeLessThanOrEqual(1)
    expect(broker.committed('t', 0)).toBe(3)
  })

  test('of NaN that is no attempt has the pauses of an outage', async () => {
    const { pauseMs, broker } = await once(new RetryLater(Number.NaN, 'wait', { isAttempt: false }))
    expect(pauseMs).toBeLessThanOrEqual(200)
    expect(broker.committed('t', 0)).toBe(3)
  })

  test('of less than 0 is at once', async () => {
    const { pauseMs, broker } = await once(new RetryLater(-1))
    expect([pauseMs, broker.committed('t', 0)]).toEqual([0, 3])
  })

  test('of Infinity is the longest that a timer can wait, and is told', async () => {
    const { pauseMs, broker, ended } = await once(new RetryLater(Number.POSITIVE_INFINITY))
    expect([pauseMs, broker.committed('t', 0), ended()]).toEqual([2_147_483_647, 1, 'running'])
  })
})
