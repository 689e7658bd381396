import { availableParallelism } from 'node:os'
import { HoldfastError } from '../errors/holdfast-error.ts'
import type { ThreadLimits } from '../pipeline/thread-handler.ts'
import { type ConfigEntry, type Origin, showValue } from './entries.ts'
import type { ConsumerConfig, ConsumerOptions, TransactionOptions } from './options.ts'
import { refusals } from './rules.ts'
import { MAX_TIMER_MS, OPTION_TABLE, type OptionSpec, UNPRINTED_OPTIONS } from './table.ts'

/** Outputs wait for their transaction: what reads them is late by so much. */
const TRANSACTION_INTERVAL_MS = 100
const MAX_OUTPUT_BYTES = 16_777_216

export interface ResolvedConfig {
  readonly config: ConsumerConfig
  readonly entries: readonly ConfigEntry[]
}

/** Checks what was given, fills in what was not, and freezes the result. Throws the first refusal. */
export function resolveConfig(options: ConsumerOptions): ResolvedConfig {
  checkNames(options)
  const values: Record<string, unknown> = {}
  const origins: Record<string, Origin> = {}
  for (const [name, spec] of Object.entries(OPTION_TABLE)) {
    const given = (options as unknown as Record<string, unknown>)[name]
    values[name] = given === undefined && spec.isRequired !== true ? spec.default : checkValue(name, given)
    origins[name] = given === undefined ? 'default' : 'given'
  }
  values.commitInterval = Object.freeze({
    ...(OPTION_TABLE.commitInterval?.default as object),
    ...(values.transactions === undefined ? {} : { ms: TRANSACTION_INTERVAL_MS }),
    ...givenOf(options.commitInterval),
  })
  derive(values, origins)
  const config = Object.freeze(values) as unknown as ConsumerConfig
  const refusal = refusals(config, (name) => origins[name] === 'given').at(0)
  if (refusal !== undefined) throw refusal
  return { config, entries: entriesOf(values, origins) }
}

/** The value given to `setConcurrency`. */
export function checkConcurrency(concurrency: unknown): number | 'auto' {
  return checkValue('concurrency', concurrency) as number | 'auto'
}

/** The time-out given to `stop`, as far as a timer can wait: for it more would be at once. */
export function checkStopTimeout(timeoutMs: unknown): number {
  if (typeof timeoutMs === 'number' && !Number.isNaN(timeoutMs)) return Math.min(MAX_TIMER_MS, Math.max(0, timeoutMs))
  const shown = showValue(timeoutMs)
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    `stop was given timeoutMs = ${shown}: it must be a number of milliseconds.\n  Fix: correct timeoutMs, or leave it out for shutdownTimeoutMs.`,
    { details: { option: 'timeoutMs', value: shown } },
  )
}

/** A value of `undefined` counts as not given, within an option as for options themselves. */
function givenOf<Options extends object>(options: Options | undefined): Partial<Options> {
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Partial<Options>
}

function derive(values: Record<string, unknown>, origins: Record<string, Origin>): void {
  const fill = (name: string, value: () => unknown): void => {
    if (origins[name] === 'given') return
    values[name] = value()
    origins[name] = 'derived'
  }
  const number = (name: string): number => values[name] as number
  fill('topics', () =>
    checkValue(
      'topics',
      (values.handlers as ConsumerConfig['handlers']).flatMap((handler) => handler.topics),
    ),
  )
  if (values.maxPollRecords !== 'auto') fill('maxBatchRecords', () => number('maxPollRecords'))
  fill('handlerTimeoutMs', () => number('maxPollIntervalMs'))
  fill('stallTimeoutMs', () => number('maxPollIntervalMs') + number('maxPollWaitMs'))
  fill('rebalanceTimeoutMs', () => number('maxPollIntervalMs'))
  fill('drainBudgetMs', () =>
    Math.max(
      0,
      Math.floor(0.8 * (number('rebalanceTimeoutMs') - number('heartbeatIntervalMs') - number('fetchMaxWaitMs'))),
    ),
  )
  if (values.delivery === 'at-most-once') fill('maxAttempts', () => 1)
  deriveThreads(values, fill)
  if (values.transactions !== undefined) values.transactions = transactionsOf(values)
}

function transactionsOf({ transactions, groupId }: Record<string, unknown>): ConsumerConfig['transactions'] {
  const given = transactions === true ? {} : (transactions as TransactionOptions)
  return Object.freeze({
    transactionalIdPrefix: groupId as string,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    ...givenOf(given),
  })
}

/** A slot without a thread would hold a record that cannot begin. */
function deriveThreads(values: Record<string, unknown>, fill: (name: string, value: () => unknown) => void): void {
  const handlers = values.handlers as ConsumerConfig['handlers']
  if (!handlers.some(({ module }) => module !== undefined)) return
  const threads = {
    maxThreads: availableParallelism(),
    idleTimeoutMs: 30_000,
    ...givenOf(values.threads as ThreadLimits | undefined),
  }
  values.threads = Object.freeze(threads)
  if (!handlers.every(({ module }) => module !== undefined)) return
  fill(values.concurrency === 'auto' ? 'maxConcurrency' : 'concurrency', () => threads.maxThreads)
}

function checkNames(options: object): void {
  if (typeof options !== 'object' || options === null) {
    throw new HoldfastError('HF_OPTION_INVALID', 'createConsumer takes one object of options.')
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(OPTION_TABLE, name))
  if (unknown === undefined) return
  const near = Object.keys(OPTION_TABLE).find(
    (name) => name.toLowerCase() === unknown.toLowerCase().replaceAll(/[._-]/g, ''),
  )
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    `there is no option "${unknown}".\n  Fix: ${near ? `write ${near}` : `use one of ${Object.keys(OPTION_TABLE).join(', ')}`}.`,
    { details: { option: unknown } },
  )
}

function checkValue(name: string, given: unknown): unknown {
  const spec = OPTION_TABLE[name]
  const result = spec?.schema.safeParse(given)
  if (result?.success)
    return typeof given === 'object' && Array.isArray(given) ? Object.freeze([...given]) : result.data
  const shown = showValue(given)
  const fallback = spec?.default === undefined ? '' : ` The default is ${showValue(spec.default)}.`
  if (given === undefined) throw missing(name, spec)
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    `${name} = ${shown} is not allowed: it must be ${spec?.allowed}.\n  Fix: correct ${name}, or leave it out where it has a default.${fallback}`,
    { details: { option: name, value: shown } },
  )
}

function missing(name: string, spec: OptionSpec | undefined): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', `${name} is missing.\n  Fix: set ${name} to ${spec?.allowed}.`, {
    details: { option: name },
  })
}

function entriesOf(values: Record<string, unknown>, origins: Record<string, Origin>): readonly ConfigEntry[] {
  return Object.freeze(
    Object.entries(values)
      .filter(([name, value]) => value !== undefined && !UNPRINTED_OPTIONS.includes(name))
      .map(([name, value]) => Object.freeze({ name, value: showValue(value), origin: origins[name] ?? 'default' })),
  )
}
