import { HoldfastError } from '../errors/holdfast-error.ts'
import { retryRoutes } from '../pipeline/retry-routes.ts'
import { covers } from '../pipeline/topics.ts'
import type { FailurePolicy } from '../policy/failure-policy.ts'
import type { ConsumerConfig } from './options.ts'

/** Failure policies that cannot be kept, or that would run in a circle. */
export function failureConflicts(config: ConsumerConfig, isGiven: (option: string) => boolean): HoldfastError[] {
  return [...idleOptions(config, isGiven), ...retriedTooOften(config), ...deadEnds(config), ...circles(config)]
}

/** Every topic that records can be written to when they fail. */
export function failureTopics(config: ConsumerConfig): string[] {
  return [...new Set([...deadLetterTopics(config), ...retryRoutes(config).map(({ topic }) => topic)])]
}

function deadLetterTopics(config: ConsumerConfig): string[] {
  const { deadLetterTopic } = config
  const named = stepsOf(config).flatMap((step) => (step.type === 'deadLetter' ? [step.topic ?? deadLetterTopic] : []))
  return [...new Set([deadLetterTopic, ...named])].filter((topic) => topic !== undefined)
}

function policiesOf({ onFailure, handlers }: ConsumerConfig): FailurePolicy[] {
  return [onFailure, ...handlers.map(({ options }) => options.onFailure)].flatMap((policy) => policy?.parts ?? [])
}

function stepsOf(config: ConsumerConfig): readonly FailurePolicy['steps'][number][] {
  return policiesOf(config).flatMap(({ steps }) => steps)
}

function idleOptions(config: ConsumerConfig, isGiven: (option: string) => boolean): HoldfastError[] {
  const idle = (['maxAttempts', 'retryBackoffMs', 'retryBackoffMaxMs'] as const).find(isGiven)
  if (config.onFailure === undefined || idle === undefined) return []
  return [
    invalid(
      idle,
      `${idle} = ${config[idle]} has no effect beside onFailure, which says how often and when records are tried again.\n  Fix: remove ${idle}, or say it with retry({ attempts, backoff }).`,
    ),
  ]
}

function retriedTooOften(config: ConsumerConfig): HoldfastError[] {
  const { delivery, maxAttempts } = config
  if (delivery !== 'at-most-once') return []
  const promised = (option: string, shown: string): HoldfastError =>
    new HoldfastError(
      'HF_PROMISE_CONFLICT',
      `${shown} cannot be kept with delivery = "at-most-once":\n  the offset is committed before the handler runs, so a retry would break "at most once".\n  Fix: delivery = "at-least-once", or remove ${option}.`,
      { details: { option } },
    )
  if (retryRoutes(config).length > 0) return [promised('onFailure', 'onFailure with retryTopics')]
  const attempts = stepsOf(config).reduce(
    (most, step) => (step.type === 'retry' ? Math.max(most, step.attempts) : most),
    1,
  )
  if (attempts > 1) return [promised('onFailure', `onFailure with retry.attempts = ${attempts}`)]
  return maxAttempts > 1 ? [promised('maxAttempts', `maxAttempts = ${maxAttempts}`)] : []
}

function deadEnds(config: ConsumerConfig): HoldfastError[] {
  const isOpen = stepsOf(config).some((step) => step.type === 'deadLetter' && step.topic === undefined)
  if (!isOpen || config.deadLetterTopic !== undefined) return []
  return [
    invalid(
      'deadLetterTopic',
      'onFailure ends in deadLetter(), and no topic is named for it.\n  Fix: set deadLetterTopic, or write deadLetter({ topic }).',
    ),
  ]
}

function circles(config: ConsumerConfig): HoldfastError[] {
  const read = [...config.topics, ...retryRoutes(config).map(({ topic }) => topic)]
  return deadLetterTopics(config).flatMap((topic) => {
    const pattern = read.find((subscribed) => covers(subscribed, topic))
    if (pattern === undefined) return []
    return [
      invalid(
        'deadLetterTopic',
        `the dead-letter topic ${topic} is subscribed to by ${String(pattern)}: a record that fails would come back for ever.\n  Fix: name a topic that this consumer does not read.`,
      ),
    ]
  })
}

function invalid(option: string, message: string): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', message, { details: { option } })
}
