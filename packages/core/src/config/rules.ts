import { HoldfastError } from '../errors/holdfast-error.ts'
import type { TopicPattern } from '../pipeline/handler.ts'
import { covers, handlerConflict, handlerMissing } from '../pipeline/topics.ts'
import { circuitConflicts, circuitWarnings } from './circuit-rules.ts'
import { failureConflicts } from './failure-rules.ts'
import { keyOrderConflicts } from './key-order-rules.ts'
import { middlewareConflicts } from './middleware-rules.ts'
import { onceConflicts } from './once-rules.ts'
import type { ConsumerConfig } from './options.ts'
import { retryTopicConflicts } from './retry-rules.ts'
import { transactionConflicts } from './transaction-rules.ts'

/** Combinations that would break a promise. Each names the options, their values, the reason and the fix. */
export function refusals(config: ConsumerConfig, isGiven: (option: string) => boolean): HoldfastError[] {
  return [
    ...onceConflicts(config),
    ...transactionConflicts(config),
    ...failureConflicts(config, isGiven),
    ...retryTopicConflicts(config),
    ...keyOrderConflicts(config),
    ...timingConflicts(config),
    ...timeoutConflicts(config),
    ...handlerConflicts(config),
    ...rateConflicts(config),
    ...batchConflicts(config),
    ...boundConflicts(config, isGiven),
    ...threadConflicts(config),
    ...middlewareConflicts(config),
    ...circuitConflicts(config),
  ]
}

/** Combinations that work, but rarely as wished; logged once at start. */
export function warnings(config: ConsumerConfig): string[] {
  const { heartbeatIntervalMs, sessionTimeoutMs, fetchMaxWaitMs, stallTimeoutMs, maxPollIntervalMs } = config
  const found: string[] = []
  if (heartbeatIntervalMs * 3 > sessionTimeoutMs) {
    found.push(
      `heartbeatIntervalMs = ${heartbeatIntervalMs} is more than a third of sessionTimeoutMs = ${sessionTimeoutMs}: two lost heartbeats end the membership. Lower heartbeatIntervalMs.`,
    )
  }
  if (fetchMaxWaitMs * 4 > sessionTimeoutMs) {
    found.push(
      `fetchMaxWaitMs = ${fetchMaxWaitMs} is more than a quarter of sessionTimeoutMs = ${sessionTimeoutMs}: heartbeats wait for fetches. Lower fetchMaxWaitMs.`,
    )
  }
  if (stallTimeoutMs < maxPollIntervalMs) {
    found.push(
      `stallTimeoutMs = ${stallTimeoutMs} is less than maxPollIntervalMs = ${maxPollIntervalMs}: a handler that may still run makes the consumer unhealthy. Raise stallTimeoutMs or lower maxPollIntervalMs.`,
    )
  }
  return [...found, ...threadWarnings(config), ...circuitWarnings(config)]
}

function threadWarnings({ handlers, threads, concurrency, maxConcurrency }: ConsumerConfig): string[] {
  const slots = concurrency === 'auto' ? maxConcurrency : concurrency
  const isolated = handlers.find(({ module }) => module !== undefined)
  const maxThreads = threads?.maxThreads ?? slots
  if (isolated === undefined || slots <= maxThreads) return []
  const name = concurrency === 'auto' ? 'maxConcurrency' : 'concurrency'
  return [
    `${name} = ${slots} is more than threads.maxThreads = ${maxThreads}: records of ${isolated.name} hold slots while they wait for a thread, and drains wait for them. Raise threads.maxThreads, lower ${name}, or give ${isolated.name} a consumer of its own.`,
  ]
}

function threadConflicts({ handlers, threads }: ConsumerConfig): HoldfastError[] {
  if (threads === undefined || handlers.some(({ module }) => module !== undefined)) return []
  return [
    new HoldfastError(
      'HF_OPTION_INVALID',
      'threads has no effect: no handler has isolate = "thread".\n  Fix: isolate a handler, or remove threads.',
      { details: { option: 'threads' } },
    ),
  ]
}

/** A time-out that cannot end before the interval does, or whose consequence would break the delivery promise. */
function timeoutConflicts(config: ConsumerConfig): HoldfastError[] {
  const { handlerTimeoutMs, maxPollIntervalMs, delivery, onHandlerTimeout } = config
  const found: HoldfastError[] = []
  if (handlerTimeoutMs > maxPollIntervalMs) {
    found.push(
      new HoldfastError(
        'HF_OPTION_INVALID',
        `handlerTimeoutMs = ${handlerTimeoutMs} must be at most maxPollIntervalMs = ${maxPollIntervalMs}: a poll batch of one record would outlive its interval.\n  Fix: lower handlerTimeoutMs or raise maxPollIntervalMs.`,
        { details: { option: 'handlerTimeoutMs', value: handlerTimeoutMs } },
      ),
    )
  }
  if (delivery === 'at-most-once' && onHandlerTimeout === 'release') {
    found.push(
      new HoldfastError(
        'HF_PROMISE_CONFLICT',
        'onHandlerTimeout = "release" cannot be kept with delivery = "at-most-once":\n  the record is committed before its handler runs, so that no other member would handle it.\n  Fix: delivery = "at-least-once", or onHandlerTimeout = "halt".',
        { details: { option: 'onHandlerTimeout', value: onHandlerTimeout } },
      ),
    )
  }
  return found
}

function timingConflicts(config: ConsumerConfig): HoldfastError[] {
  const smaller = (small: keyof ConsumerConfig, large: keyof ConsumerConfig, reason: string): HoldfastError[] =>
    (config[small] as number) < (config[large] as number)
      ? []
      : [
          new HoldfastError(
            'HF_OPTION_INVALID',
            `${small} = ${config[small]} must be less than ${large} = ${config[large]}: ${reason}.\n  Fix: lower ${small} or raise ${large}.`,
            { details: { option: small, value: config[small] } },
          ),
        ]
  return [
    ...smaller('heartbeatIntervalMs', 'sessionTimeoutMs', 'the session would end between two heartbeats'),
    ...smaller('drainBudgetMs', 'rebalanceTimeoutMs', 'the group would go on without this member while it drains'),
  ]
}

function rateConflicts({ rateLimit, handlers }: ConsumerConfig): HoldfastError[] {
  const batch = handlers.find((handler) => handler.batch)
  if (rateLimit === undefined || batch === undefined) return []
  return [
    new HoldfastError(
      'HF_OPTION_INVALID',
      `rateLimit = ${rateLimit.records} records per ${rateLimit.intervalMs} ms cannot be kept with the batch handler ${batch.name}: it takes many records at once.\n  Fix: remove rateLimit, or give the batch handler a consumer of its own.`,
      { details: { option: 'rateLimit' } },
    ),
  ]
}

function batchConflicts({ maxBatchRecords, maxPollRecords }: ConsumerConfig): HoldfastError[] {
  if (maxBatchRecords === undefined || maxPollRecords === 'auto' || maxBatchRecords <= maxPollRecords) return []
  return [
    new HoldfastError(
      'HF_OPTION_INVALID',
      `maxBatchRecords = ${maxBatchRecords} must be at most maxPollRecords = ${maxPollRecords}: no more are admitted of a partition.\n  Fix: lower maxBatchRecords or raise maxPollRecords.`,
      { details: { option: 'maxBatchRecords', value: maxBatchRecords } },
    ),
  ]
}

function boundConflicts(config: ConsumerConfig, isGiven: (option: string) => boolean): HoldfastError[] {
  const { concurrency, minConcurrency, maxConcurrency } = config
  if (concurrency !== 'auto') {
    const idle = (['minConcurrency', 'maxConcurrency'] as const).find(isGiven)
    if (idle === undefined) return []
    return [
      new HoldfastError(
        'HF_OPTION_INVALID',
        `${idle} = ${config[idle]} has no effect with concurrency = ${concurrency}: the number of slots is fixed.\n  Fix: concurrency = "auto", or remove ${idle}.`,
        { details: { option: idle, value: config[idle] } },
      ),
    ]
  }
  if (minConcurrency <= maxConcurrency) return []
  return [
    new HoldfastError(
      'HF_OPTION_INVALID',
      `minConcurrency = ${minConcurrency} is more than maxConcurrency = ${maxConcurrency}: no number of slots lies between them.\n  Fix: lower minConcurrency or raise maxConcurrency.`,
      { details: { option: 'minConcurrency', value: minConcurrency } },
    ),
  ]
}

function handlerConflicts({ handlers, topics }: ConsumerConfig): HoldfastError[] {
  const claimed = handlers.flatMap((handler) => handler.topics)
  const found: HoldfastError[] = []
  for (const [index, pattern] of claimed.entries()) {
    const rival = claimed.slice(index + 1).find((other) => overlaps(pattern, other))
    if (rival !== undefined) found.push(handlerConflict(String(rival), `on(${pattern})`))
  }
  for (const topic of topics) {
    if (!claimed.some((pattern) => covers(pattern, topic))) found.push(handlerMissing(String(topic)))
  }
  return found
}

function overlaps(a: TopicPattern, b: TopicPattern): boolean {
  if (typeof a === 'string') return covers(b, a)
  return typeof b === 'string' ? covers(a, b) : a.source === b.source
}
