import type { ErrorCode } from '../errors/error-code.ts'
import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import { isThenable } from '../model/thenable.ts'
import { partitionName, type TopicPartition } from '../model/topic-partition.ts'

/** Which errors a part of a policy is for: a class, or a function that says so. */
// biome-ignore lint/suspicious/noExplicitAny: a class of errors with any constructor
export type ErrorFilter = (new (...parts: any[]) => unknown) | ((error: unknown) => boolean)

/** Where a filter was given. */
export type FilterOption = 'onFailure' | 'circuit'

/** Is told what a filter threw. */
export type OnFilterFailure = (cause: unknown) => void

/** Their cause is what a function of the user threw. */
const WRAPPERS: readonly ErrorCode[] = ['HF_DECODE_FAILED', 'HF_ORDER_FAILED']

/** Whether a filter is for an error. One that throws, or answers a promise, is for none, and `failed` is told. */
export function matches(filter: ErrorFilter, error: unknown, failed: OnFilterFailure): boolean {
  try {
    const cause = error instanceof HoldfastError && WRAPPERS.includes(error.code) ? error.cause : undefined
    if (isClass(filter)) return error instanceof filter || cause instanceof filter
    const answer: unknown = (filter as (error: unknown) => unknown)(error)
    if (!isThenable(answer)) return Boolean(answer)
    // Any promise counts as true, and nobody else would catch what it rejects with.
    Promise.resolve(answer).catch(() => undefined)
    failed(new TypeError('it answered a promise, and must answer at once'))
  } catch (cause) {
    failed(cause)
  }
  return false
}

/** Functions can be called, classes cannot: theirs is the prototype that nobody can replace. */
function isClass(filter: ErrorFilter): filter is new () => unknown {
  const { prototype } = filter
  return prototype instanceof Error || Object.getOwnPropertyDescriptor(filter, 'prototype')?.writable === false
}

const CONSEQUENCES: Readonly<Record<FilterOption, string>> = {
  onFailure: 'it counts as not fitting, and the record is not skipped',
  circuit: "the error does not count as the dependency's",
}

/** What is told of a filter that failed, at the record whose error it was asked about. */
export function filterFailed(
  option: FilterOption,
  handler: string,
  place: TopicPartition & { readonly offset: number },
  cause: unknown,
): HoldfastError {
  const { topic, partition, offset } = place
  const setting = option === 'onFailure' ? 'a filter of onFailure.when' : 'circuitBreaker.when'
  return new HoldfastError(
    'HF_FILTER_FAILED',
    `${setting} of ${handler} has no answer for the error of ${partitionName(place)}@${offset} (${describeError(cause)}): ${CONSEQUENCES[option]}.\n  Fix: correct the function given to when, so that it answers true or false for any thrown value.`,
    { cause, details: { option, handler, topic, partition, offset } },
  )
}
