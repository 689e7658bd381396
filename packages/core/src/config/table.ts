import { types } from 'node:util'
import { z } from 'zod'
import { isHandlerDefinition } from '../pipeline/handler.ts'
import { CircuitBreaker } from '../policy/circuit-breaker.ts'
import { FailurePolicy } from '../policy/failure-policy.ts'

/** An option of `createConsumer`: what it may be, its default, and the Kafka property it stands for. */
export interface OptionSpec {
  readonly schema: z.ZodType
  /** What is allowed, in words that complete "must be …". */
  readonly allowed: string
  readonly isRequired?: true
  readonly default?: unknown
  readonly kafka?: string
  readonly kafkaDefault?: string
  /** Why ours differs from Kafka's. */
  readonly why?: string
}

const isLogger = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  ['debug', 'info', 'warn', 'error', 'child'].every(
    (name) => typeof (value as Record<string, unknown>)[name] === 'function',
  )
const hasFunction =
  (name: string) =>
  (value: unknown): boolean =>
    typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[name] === 'function'

const isSyncFunction = (value: unknown): boolean => typeof value === 'function' && !types.isAsyncFunction(value)

/** The longest that a timer of Node can wait. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1

const count = (fallback: number, rest: Partial<OptionSpec> = {}): OptionSpec => ({
  schema: z.int().min(1),
  allowed: 'a whole number of at least 1',
  default: fallback,
  ...rest,
})
const millis = (minimum: number, fallback: number | undefined, rest: Partial<OptionSpec> = {}): OptionSpec => ({
  schema: z.int().min(minimum).max(MAX_TIMER_MS),
  allowed: `a whole number of milliseconds between ${minimum} and ${MAX_TIMER_MS}`,
  ...(fallback === undefined ? {} : { default: fallback }),
  ...rest,
})
const oneOf = (
  values: readonly [string, ...string[]],
  fallback: string,
  rest: Partial<OptionSpec> = {},
): OptionSpec => ({
  schema: z.enum(values),
  allowed: values.map((value) => `'${value}'`).join(' or '),
  default: fallback,
  ...rest,
})
const AUTO_ONLY = { allowed: "a whole number of at least 1, with concurrency: 'auto' only" }
const megabytes = (minimum: number): z.ZodType => z.number().min(minimum).optional()
const topicName = z
  .string()
  .regex(/^[\w.-]{1,249}$/)
  .refine((name) => name !== '.' && name !== '..')
const topicPattern = z.union([topicName, z.instanceof(RegExp)])

/** Every option: what it may be, its default, and the Kafka property it stands for. The schema and the docs are made from it. */
export const OPTION_TABLE: Readonly<Record<string, OptionSpec>> = {
  driver: {
    isRequired: true,
    schema: z.custom(hasFunction('create')),
    allowed: 'a driver, such as kafkajs({ brokers }) of @holdfast/kafkajs',
  },
  groupId: {
    isRequired: true,
    schema: z.string().regex(/^\S(.*\S)?$/),
    allowed: 'a text that is not empty and has no space at its ends',
    kafka: 'group.id',
  },
  handlers: {
    isRequired: true,
    schema: z.array(z.custom(isHandlerDefinition)).min(1),
    allowed: 'a list with at least one on(topic, handler)',
  },
  topics: { schema: z.array(topicPattern).min(1), allowed: 'a list of topic names or regular expressions' },
  delivery: oneOf(['at-least-once', 'at-most-once', 'exactly-once'], 'at-least-once'),
  transactions: {
    schema: z.union([
      z.literal(true),
      z.strictObject({
        transactionalIdPrefix: z
          .string()
          .regex(/^\S{1,200}$/)
          .optional(),
        maxOutputBytes: z.int().min(1).optional(),
      }),
    ]),
    allowed: 'true, or an object of transactionalIdPrefix (text without spaces) and maxOutputBytes (at least 1)',
    kafka: 'transactional.id',
  },
  order: {
    schema: z.union([z.enum(['partition', 'key', 'none']), z.custom(isSyncFunction)]),
    allowed: "'partition', 'key', 'none' or a function of a record, not an async one",
    default: 'key',
  },
  nullKey: oneOf(['record', 'partition'], 'record'),
  concurrency: {
    schema: z.union([z.int().min(1), z.literal('auto')]),
    allowed: "a whole number of at least 1, or 'auto'",
    default: 10,
  },
  minConcurrency: count(1, AUTO_ONLY),
  maxConcurrency: count(256, AUTO_ONLY),
  concurrencyPerPartition: { schema: z.int().min(1), allowed: 'a whole number of at least 1' },
  rateLimit: {
    schema: z.strictObject({ records: z.int().min(1), intervalMs: z.int().min(1).max(MAX_TIMER_MS) }),
    allowed: 'an object of records and intervalMs, whole numbers of at least 1',
  },
  maxUncommittedRecords: count(10_000),
  maxPollRecords: {
    schema: z.union([z.int().min(1), z.literal('auto')]),
    allowed: "a whole number of at least 1, or 'auto'",
    default: 'auto',
    kafka: 'max.poll.records',
    kafkaDefault: '500',
    why: 'a poll batch of a slow handler must end within maxPollIntervalMs',
  },
  maxBatchRecords: { schema: z.int().min(1), allowed: 'a whole number of at least 1' },
  maxPollBytes: count(52_428_800),
  maxPollWaitMs: millis(0, 0),
  maxPollIntervalMs: millis(1, 300_000, { kafka: 'max.poll.interval.ms', kafkaDefault: '300000' }),
  handlerTimeoutMs: millis(1, undefined),
  onHandlerTimeout: oneOf(['retry', 'halt', 'release'], 'retry'),
  stallTimeoutMs: millis(1, undefined),
  sessionTimeoutMs: millis(1, 45_000, { kafka: 'session.timeout.ms', kafkaDefault: '45000' }),
  heartbeatIntervalMs: millis(1, 3_000, { kafka: 'heartbeat.interval.ms', kafkaDefault: '3000' }),
  rebalanceTimeoutMs: millis(1, undefined, { kafka: 'max.poll.interval.ms', kafkaDefault: '300000' }),
  drainBudgetMs: millis(0, undefined),
  partitionAssignmentStrategy: {
    schema: z
      .array(z.enum(['cooperative-sticky', 'sticky', 'range', 'roundrobin']))
      .min(1)
      .refine((names) => new Set(names).size === names.length),
    allowed: "a list of 'cooperative-sticky', 'sticky', 'range' and 'roundrobin', each once",
    default: Object.freeze(['cooperative-sticky', 'range']),
    kafka: 'partition.assignment.strategy',
    kafkaDefault: 'range, cooperative-sticky',
    why: 'partitions that stay with their member go on through a rebalance',
  },
  groupInstanceId: {
    schema: z.string().regex(/^[\w.-]{1,249}$/),
    allowed: 'a text of 1 to 249 letters, digits, dots, underscores and hyphens',
    kafka: 'group.instance.id',
  },
  fetchMaxWaitMs: millis(1, 250, {
    kafka: 'fetch.max.wait.ms',
    kafkaDefault: '500',
    why: 'it bounds how late pauses, rebalances and stops are noticed',
  }),
  fetchMinBytes: count(1, { kafka: 'fetch.min.bytes', kafkaDefault: '1' }),
  fetchMaxBytes: count(10_485_760, {
    kafka: 'fetch.max.bytes',
    kafkaDefault: '52428800',
    why: 'one response is held whole in memory while it is decoded',
  }),
  maxPartitionFetchBytes: count(1_048_576, { kafka: 'max.partition.fetch.bytes', kafkaDefault: '1048576' }),
  autoOffsetReset: oneOf(['earliest', 'latest', 'none'], 'earliest', {
    kafka: 'auto.offset.reset',
    kafkaDefault: 'latest',
    why: 'with latest, records produced before the first commit are lost',
  }),
  isolationLevel: oneOf(['read_committed', 'read_uncommitted'], 'read_committed', {
    kafka: 'isolation.level',
    kafkaDefault: 'read_uncommitted',
    why: 'an effect of an aborted record cannot be taken back',
  }),
  commitInterval: {
    schema: z.strictObject({ records: z.int().min(1).optional(), ms: z.int().min(1).max(MAX_TIMER_MS).optional() }),
    allowed: 'an object of records and ms, whole numbers of at least 1',
    default: Object.freeze({ records: 1_000, ms: 1_000 }),
    kafka: 'auto.commit.interval.ms',
    kafkaDefault: '5000',
    why: 'it bounds what a crash repeats',
  },
  onFailure: {
    schema: z.instanceof(FailurePolicy),
    allowed: 'a failure policy, such as retry({ attempts: 5 }).then(deadLetter())',
  },
  circuit: { schema: z.instanceof(CircuitBreaker), allowed: 'a circuit breaker, made by circuitBreaker({ name })' },
  deadLetterTopic: { schema: topicName, allowed: 'the name of a topic' },
  maxAttempts: count(5, {}),
  retryBackoffMs: millis(1, 200, {
    kafka: 'retry.backoff.ms',
    kafkaDefault: '100',
    why: 'it paces handlers, not requests',
  }),
  retryBackoffMaxMs: millis(1, 30_000, {
    kafka: 'retry.backoff.max.ms',
    kafkaDefault: '1000',
    why: 'it paces handlers, not requests',
  }),
  maxRecordKeyBytes: count(1_048_576),
  maxRecordValueBytes: count(33_554_432),
  maxRecordHeaders: count(1_000),
  maxRecordHeaderBytes: count(262_144),
  quarantineAfter: count(3),
  shutdownTimeoutMs: millis(0, 30_000),
  maxBufferedRecords: count(50_000),
  maxBufferedBytes: count(134_217_728),
  maxPartitionBufferedRecords: count(10_000),
  maxPartitionBufferedBytes: count(16_777_216),
  use: {
    schema: z.array(z.custom((value) => typeof value === 'function')),
    allowed: 'a list of middleware, functions of (call, next)',
    default: Object.freeze([]),
  },
  threads: {
    schema: z.strictObject({
      maxThreads: z.int().min(1).optional(),
      idleTimeoutMs: z.int().min(0).max(MAX_TIMER_MS).optional(),
      resourceLimits: z
        .strictObject({
          // With less V8 may end the process instead of the thread.
          maxOldGenerationSizeMb: megabytes(16),
          maxYoungGenerationSizeMb: megabytes(1),
          codeRangeSizeMb: megabytes(1),
          stackSizeMb: megabytes(1),
        })
        .optional(),
    }),
    allowed:
      "an object of maxThreads, idleTimeoutMs and resourceLimits (worker_threads', maxOldGenerationSizeMb at least 16, the others 1), with isolate: 'thread' only",
  },
  logger: { schema: z.custom(isLogger), allowed: 'a logger with the methods of pino' },
  clock: { schema: z.custom(hasFunction('setTimer')), allowed: 'a clock' },
}

/** Options whose values are objects that are not worth printing. */
export const UNPRINTED_OPTIONS: readonly string[] = ['handlers', 'logger', 'clock']
