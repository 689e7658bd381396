import type { ErrorCode } from '../errors/codes.ts'
import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import type { Halt, Retry } from '../model/outcome.ts'
import { partitionName, type TopicPartition } from '../model/topic-partition.ts'
import { type Backoff, backoffMs } from './backoff.ts'

export interface FailurePolicy extends Backoff {
  readonly maxAttempts: number
}

export interface Failure {
  readonly error: unknown
  readonly attempt: number
  readonly handler: string
  /** The record that failed, or the first that did. */
  readonly record: TopicPartition & { readonly offset: number }
  readonly nowMs: number
  readonly random: number
}

/** The same record fails the same way again, before its handler is called. */
const UNTRIABLE: readonly ErrorCode[] = ['HF_DECODE_FAILED', 'HF_THREAD_VALUE_REFUSED']

/**
 * What follows from a failed attempt: another one after a back-off, or, when the attempts are used up or trying again
 * cannot help, a halted partition. A record is never skipped.
 */
export function judge(failure: Failure, policy: FailurePolicy): Retry | Halt {
  const { error, attempt } = failure
  if (error instanceof HoldfastError && UNTRIABLE.includes(error.code)) return { type: 'halt', error }
  if (attempt >= policy.maxAttempts) return { type: 'halt', error: exhausted(failure) }
  return { type: 'retry', atMs: failure.nowMs + backoffMs(attempt, policy, failure.random), error }
}

function exhausted({ error, attempt, handler, record }: Failure): HoldfastError {
  const { topic, partition, offset } = record
  const attempts = attempt === 1 ? '1 attempt' : `${attempt} attempts`
  return new HoldfastError(
    'HF_HANDLER_FAILED',
    `${partitionName(record)} halted at ${offset} after ${attempts} of ${handler} (${describeError(error)}): no dead-letter topic is configured.\n  Nothing past ${offset} is committed. Fix: correct the cause, then restart the consumer.`,
    { cause: error, details: { topic, partition, offset, attempt, handler } },
  )
}
