import { availableParallelism } from 'node:os'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { resolveConfig } from '../../src/config/resolve.ts'
import { warnings } from '../../src/config/rules.ts'
import { OPTION_TABLE } from '../../src/config/table.ts'
import { createConsumer } from '../../src/consumer.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { on } from '../../src/pipeline/handler.ts'
import { ScriptedDriver } from '../support/scripted-driver.ts'
import { silentLogger } from '../support/silent-logger.ts'

const given = (options: Record<string, unknown> = {}): ConsumerOptions =>
  ({
    driver: new ScriptedDriver().factory,
    groupId: 'g',
    handlers: [on('t', () => undefined)],
    ...options,
  }) as unknown as ConsumerOptions

/** What `createConsumer` refuses the options with. */
function refusal(options: Record<string, unknown>): HoldfastError {
  try {
    createConsumer({ logger: silentLogger, ...given(options) })
  } catch (error) {
    if (error instanceof HoldfastError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const NUMBERS = Object.entries(OPTION_TABLE).filter(
  ([, { default: fallback, allowed }]) =>
    typeof fallback === 'number' || allowed.includes('whole number of milliseconds'),
)
const NO_NUMBERS = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, true, [1], 10n, 2 ** 53]

test.each(NUMBERS.flatMap(([name]) => NO_NUMBERS.map((value) => [name, value] as const)))(
  '%s = %o is refused by name, value, reason and fix',
  (name, value) => {
    const error = refusal({ [name]: value })
    expect(error.code).toBe('HF_OPTION_INVALID')
    expect(error.message).toContain(`${name} = ${inspect(value)} is not allowed: it must be a whole number`)
    expect(error.message).toMatch(/Fix: /)
    expect(error.details).toMatchObject({ option: name })
  },
)

const WRONG: readonly (readonly [option: string, value: unknown, reason: RegExp])[] = [
  ['driver', undefined, /a driver, such as kafkajs/],
  ['driver', { brokers: ['b:1'] }, /a driver, such as kafkajs/],
  ['driver', 'kafkajs', /a driver, such as kafkajs/],
  ['groupId', undefined, /text that is not empty/],
  ['groupId', '', /text that is not empty/],
  ['groupId', '   ', /text that is not empty/],
  ['groupId', 7, /text that is not empty/],
  ['handlers', undefined, /at least one on\(topic, handler\)/],
  ['handlers', [], /at least one on\(topic, handler\)/],
  ['handlers', [() => undefined], /at least one on\(topic, handler\)/],
  ['handlers', on('t', () => undefined), /at least one on\(topic, handler\)/],
  ['topics', [], /list of topic names/],
  ['topics', ['a b'], /list of topic names/],
  ['topics', ['..'], /list of topic names/],
  ['topics', ['t'.repeat(250)], /list of topic names/],
  ['topics', 't', /list of topic names/],
  ['concurrency', 'automatic', /a whole number of at least 1, or 'auto'/],
  ['delivery', 'exactly once', /'at-least-once' or 'at-most-once'/],
  ['order', 'random', /'partition'/],
  ['autoOffsetReset', 'never', /'earliest' or 'latest'/],
  ['isolationLevel', 'serializable', /'read_committed' or 'read_uncommitted'/],
  ['commitInterval', { records: 0 }, /records and ms/],
  ['commitInterval', { every: 5 }, /records and ms/],
  ['commitInterval', 1_000, /records and ms/],
  ['logger', { info: () => undefined }, /methods of pino/],
  ['logger', console.log, /methods of pino/],
  ['clock', {}, /a clock/],
]

test.each(WRONG)('%s = %o is refused', (option, value, reason) => {
  const error = refusal({ [option]: value })
  expect(error).toMatchObject({ code: 'HF_OPTION_INVALID', details: { option } })
  expect(error.message).toMatch(reason)
  expect(error.message).toMatch(/Fix: /)
})

test.each([
  ['groupID', 'write groupId'],
  ['group.id', 'write groupId'],
  ['max_poll_records', 'write maxPollRecords'],
  ['concurency', 'use one of driver, groupId'],
  ['__proto__x', 'use one of'],
  ['constructor', 'use one of'],
])('an option that does not exist is refused: %s', (name, fix) => {
  const error = refusal({ [name]: 1 })
  expect(error).toMatchObject({ code: 'HF_OPTION_INVALID', details: { option: name } })
  expect(error.message).toContain(`there is no option "${name}"`)
  expect(error.message).toContain(fix)
})

test.each([undefined, null, 'options', 5])('options = %o is refused', (options) => {
  expect(() => createConsumer(options as unknown as ConsumerOptions)).toThrow(/takes one object of options/)
})

test('each topic that a handler names is checked as topics are', () => {
  for (const topic of ['a b', '', '..', 'a/b']) {
    const error = refusal({ handlers: [on(topic, () => undefined)] })
    expect(error.code).toBe('HF_OPTION_INVALID')
    expect(error.message).toContain(topic)
  }
})

test('a handler without a topic is refused', () => {
  expect(refusal({ handlers: [on([], () => undefined)] }).code).toBe('HF_OPTION_INVALID')
})

test('a handler without a function is refused', () => {
  expect(() => refusal({ handlers: [on('t', {}, undefined as never)] })).toThrow(
    expect.objectContaining({ code: 'HF_OPTION_INVALID' }),
  )
})

const CONFLICTS: readonly (readonly [name: string, options: Record<string, unknown>, code: string, message: RegExp])[] =
  [
    [
      'retries with at-most-once',
      { delivery: 'at-most-once', maxAttempts: 3 },
      'HF_PROMISE_CONFLICT',
      /maxAttempts = 3 cannot be kept with delivery = "at-most-once".*Fix: /s,
    ],
    [
      'a heartbeat as long as the session',
      { heartbeatIntervalMs: 5_000, sessionTimeoutMs: 5_000 },
      'HF_OPTION_INVALID',
      /heartbeatIntervalMs = 5000 must be less than sessionTimeoutMs = 5000.*Fix: /s,
    ],
    [
      'a drain as long as the rebalance',
      { drainBudgetMs: 9_000, rebalanceTimeoutMs: 9_000 },
      'HF_OPTION_INVALID',
      /drainBudgetMs = 9000 must be less than rebalanceTimeoutMs = 9000.*Fix: /s,
    ],
    [
      'bounds of concurrency without auto',
      { maxConcurrency: 20 },
      'HF_OPTION_INVALID',
      /maxConcurrency = 20 has no effect with concurrency = 10: .*Fix: concurrency = "auto", or remove maxConcurrency/s,
    ],
    [
      'a bound of concurrency with a number',
      { concurrency: 5, minConcurrency: 2 },
      'HF_OPTION_INVALID',
      /minConcurrency = 2 has no effect with concurrency = 5: .*Fix: /s,
    ],
    [
      'bounds of concurrency that exclude each other',
      { concurrency: 'auto', minConcurrency: 8, maxConcurrency: 4 },
      'HF_OPTION_INVALID',
      /minConcurrency = 8 is more than maxConcurrency = 4: .*Fix: lower minConcurrency or raise maxConcurrency/s,
    ],
    [
      'two handlers of one topic',
      { handlers: [on('t', () => 1), on(['s', 't'], () => 2)] },
      'HF_HANDLER_CONFLICT',
      /topic t/,
    ],
    [
      'a pattern that names the topic of another handler',
      { handlers: [on('t.a', () => 1), on(/^t\./, () => 2)] },
      'HF_HANDLER_CONFLICT',
      /t\.a|\^t/,
    ],
    [
      'a topic without a handler',
      { topics: ['t', 'u'] },
      'HF_HANDLER_MISSING',
      /topic u .*Fix: add on\('u', handler\)/s,
    ],
  ]

test.each(CONFLICTS)('%s is refused', (_name, options, code, message) => {
  const error = refusal(options)
  expect(error.code).toBe(code)
  expect(error.message).toMatch(message)
})

test('what is not given is the default or follows from what is given, and says so', () => {
  const { config, entries } = resolveConfig(given({ maxPollIntervalMs: 100_000, commitInterval: { records: 5 } }))
  expect(config).toMatchObject({
    topics: ['t'],
    rebalanceTimeoutMs: 100_000,
    drainBudgetMs: 77_400,
    maxAttempts: 5,
    commitInterval: { records: 5, ms: 1_000 },
  })
  const originOf = (name: string): string | undefined => entries.find((entry) => entry.name === name)?.origin
  expect(['maxPollIntervalMs', 'rebalanceTimeoutMs', 'concurrency'].map(originOf)).toEqual([
    'given',
    'derived',
    'default',
  ])
  expect(resolveConfig(given({ delivery: 'at-most-once' })).config.maxAttempts).toBe(1)
})

test('within an option a value of undefined counts as not given', () => {
  expect(resolveConfig(given({ commitInterval: { records: undefined, ms: undefined } })).config.commitInterval).toEqual(
    {
      records: 1_000,
      ms: 1_000,
    },
  )
  const inTransactions = {
    driver: { ...new ScriptedDriver().factory, hasTransactions: true },
    delivery: 'exactly-once',
    transactions: { transactionalIdPrefix: undefined, maxOutputBytes: undefined },
  }
  expect(resolveConfig(given(inTransactions)).config).toMatchObject({
    commitInterval: { records: 1_000, ms: 100 },
    transactions: { transactionalIdPrefix: 'g', maxOutputBytes: 16_777_216 },
  })
  const handlers = [on('t', { isolate: 'thread' }, new URL('file:///srv/render.ts'))]
  const inThreads = { handlers, threads: { maxThreads: undefined, idleTimeoutMs: undefined } }
  expect(resolveConfig(given(inThreads)).config).toMatchObject({
    concurrency: availableParallelism(),
    threads: { maxThreads: availableParallelism(), idleTimeoutMs: 30_000 },
  })
})

test('the options in force are frozen, and do not follow what was given', () => {
  const topics = ['t']
  const { config } = resolveConfig(given({ topics }))
  topics.push('u')
  expect(config.topics).toEqual(['t'])
  expect([config, config.topics, config.commitInterval].every(Object.isFrozen)).toBe(true)
})

test('defaults pass their own schemas', () => {
  for (const [name, { schema, default: fallback }] of Object.entries(OPTION_TABLE)) {
    if (fallback !== undefined) expect(schema.safeParse(fallback).success, name).toBe(true)
  }
})

test('no secret is shown: not in entries, not in refusals', () => {
  const factory = { ...new ScriptedDriver().factory, sasl: { password: 'hunter2' }, describe: () => 'broker:9092' }
  const consumer = createConsumer(given({ driver: factory, logger: silentLogger }))
  expect(consumer.printConfig()).toContain('scripted → broker:9092')
  for (const shown of [
    consumer.printConfig(),
    JSON.stringify(consumer.config),
    JSON.stringify(consumer),
    inspect(consumer),
  ]) {
    expect(shown).not.toContain('hunter2')
  }
  const error = refusal({ driver: { brokers: ['b:1'], sasl: { username: 'u', password: 'hunter2' } } })
  expect(error.message + JSON.stringify(error)).not.toContain('hunter2')
})

test('what rarely works as wished is warned of', () => {
  const found = (options: Record<string, unknown>): string[] => warnings(resolveConfig(given(options)).config)
  expect(found({})).toEqual([])
  expect(found({ heartbeatIntervalMs: 4_000, sessionTimeoutMs: 10_000 })).toMatchObject([
    expect.stringContaining('heartbeatIntervalMs = 4000'),
  ])
  expect(found({ fetchMaxWaitMs: 12_000 })).toMatchObject([expect.stringContaining('fetchMaxWaitMs = 12000')])
})
