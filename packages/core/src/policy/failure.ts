import type { ErrorCode } from '../errors/error-code.ts'
import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import type { Failed, Next, Retry } from '../model/outcome.ts'
import { partitionName, type TopicPartition } from '../model/topic-partition.ts'
import { backoffMs } from './backoff.ts'
import type { FailurePolicy } from './failure-policy.ts'
import type { FailureStep, FinalStep, RetryStep, RetryTopicsStep } from './failure-steps.ts'
import { Fatal, RetryLater, Skip, Unavailable } from './verdicts.ts'

/** The same record fails the same way again, before its handler is called. */
const UNTRIABLE: readonly ErrorCode[] = [
  'HF_DECODE_FAILED',
  'HF_IDEMPOTENCY_KEY_MISSING',
  'HF_IDEMPOTENCY_MISMATCH',
  'HF_ORDER_FAILED',
  'HF_POISON_RECORD',
  'HF_RECORD_LIMIT',
  'HF_THREAD_VALUE_REFUSED',
  'HF_UNDECODABLE',
]
/** The pauses while something that every record needs is not there. */
const OUTAGE_BACKOFF = { retryBackoffMs: 200, retryBackoffMaxMs: 5_000 }
/** The longest pause that a handler can ask for: 24 days, as timers have it. */
const MAX_DELAY_MS = 2 ** 31 - 1

export interface Failure {
  readonly error: unknown
  /** Of all attempts, which one this was. */
  readonly attempt: number
  /** Of those that failed with errors of the same part of the policy, which one this was. */
  readonly nth: number
  readonly handler: string
  /** The record that failed, or the first that did. */
  readonly record: TopicPartition & { readonly offset: number }
  readonly nowMs: number
  readonly random: number
  /** The part of the policy that is for the error. */
  readonly steps: readonly FailureStep[]
  /** Whether a filter of the policy failed, so that another part may be for the error. */
  readonly isDoubtful: boolean
  /** Where in a chain of retry topics the record stands. */
  placeIn(step: RetryTopicsStep): PlaceInChain
}

/**
 * - `before`: the record has not been in a retry topic, and `next` is the first of this chain.
 * - `in`: it is in one of them, and `next` comes after it; undefined in the last.
 * - `elsewhere`: it is in a retry topic of another chain.
 */
export type PlaceInChain =
  | { readonly at: 'before' | 'in'; readonly next: NextRetryTopic | undefined }
  | { readonly at: 'elsewhere' }

export interface NextRetryTopic {
  readonly topic: string
  readonly delayMs: number
}

export interface FailureRules {
  readonly policy: FailurePolicy
  /** Where records go for which nothing else is said; undefined for nowhere. */
  readonly deadLetterTopic: string | undefined
}

/**
 * What follows from a failed attempt. A record that does not decode, or whose handler says that it cannot succeed, is not
 * tried again unless the policy says so for that very error. A record is skipped only where that is spelled out, and beyond
 * doubt: what ends by default cannot be lost.
 */
export function judge(failure: Failure, rules: FailureRules): Failed {
  const { error } = failure
  if (error instanceof Skip) return { type: 'skipped', error, reason: error.message }
  const isSpecific = failure.steps !== rules.policy.steps
  const steps = stepsLeft(failure)
  const step = isHopeless(error) && !isSpecific ? finalOf(steps) : stepAt(steps, failure.nth)
  if (step?.type === 'retry') return { type: 'retry', atMs: failure.nowMs + pauseMs(step, failure, steps), error }
  return endOf(step === undefined || isUnsure(step, failure) ? defaultEnd(rules) : step, failure, rules)
}

function isUnsure({ type }: FailureStep, { isDoubtful }: Failure): boolean {
  return isDoubtful && type === 'skip'
}

/**
 * A record in a retry topic is handled once in each of the chain, so that it goes only forward and comes to an end: its
 * steps are what follows there. An error whose chain is another one does not send it back to a first retry topic.
 */
function stepsLeft({ steps, placeIn }: Failure): readonly FailureStep[] {
  const at = steps.findIndex(({ type }) => type === 'retryTopics')
  const chain = steps[at]
  if (chain?.type !== 'retryTopics') return steps
  const place = placeIn(chain)
  if (place.at === 'before') return steps
  if (place.at === 'elsewhere') return steps.toSpliced(at, 1)
  return steps.slice(place.next === undefined ? at + 1 : at)
}

/** Whether an attempt was none: what came to nothing before the record had its turn says nothing of the record. */
export function isUncounted(error: unknown): error is RetryLater {
  return error instanceof RetryLater && !error.isAttempt
}

type OfAttempt = Pick<Failure, 'nth' | 'nowMs' | 'random'>

/** What follows then, whatever the policy: it is tried again. `nth`: how often in a row. */
export function judgeUncounted(error: RetryLater, { nth, nowMs, random }: OfAttempt): Retry {
  const askedMs = error instanceof Unavailable ? undefined : delayOf(error)
  const pauseMs = askedMs ?? backoffMs(nth, OUTAGE_BACKOFF, random)
  return { type: 'retry', atMs: nowMs + pauseMs, error, isUncounted: true }
}

/** Undefined where it is no number: then the back-off says when. */
function delayOf({ delayMs }: RetryLater): number | undefined {
  if (typeof delayMs !== 'number' || Number.isNaN(delayMs)) return undefined
  return Math.min(MAX_DELAY_MS, Math.max(0, delayMs))
}

function isHopeless(error: unknown): boolean {
  return error instanceof Fatal || isUntriable(error)
}

export function isUntriable(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && UNTRIABLE.includes(error.code)
}

/** Whether something came to nothing before its handler was called, or because it was told to end. */
export function isUnhandled(next: Next): boolean {
  if (next.type === 'aborted' || next.type === 'untried') return true
  return isUntriable(next.error) || (next.type === 'retry' && next.isUncounted === true)
}

/** The step that this many attempts lead to: a retry as long as there are attempts left, else the last one. */
function stepAt(steps: readonly FailureStep[], attempt: number): FailureStep | undefined {
  let allowed = 0
  for (const step of steps) {
    if (step.type !== 'retry') return step
    allowed += step.attempts
    if (attempt < allowed) return step
  }
  return undefined
}

function finalOf(steps: readonly FailureStep[]): FinalStep | undefined {
  return steps.find((step): step is FinalStep => step.type !== 'retry' && step.type !== 'retryTopics')
}

function defaultEnd({ deadLetterTopic }: FailureRules): FinalStep {
  return deadLetterTopic === undefined ? { type: 'halt' } : { type: 'deadLetter', topic: deadLetterTopic }
}

function pauseMs({ backoff }: RetryStep, { error, nth, random }: Failure, steps: readonly FailureStep[]): number {
  const askedMs = error instanceof RetryLater ? delayOf(error) : undefined
  if (askedMs !== undefined) return askedMs
  const before = attemptsBefore(steps, nth)
  // The first pause of a step that is not the first one comes after the last attempt of the step before.
  const pause = before === 0 ? nth : nth - before + 1
  return backoffMs(pause, { retryBackoffMs: backoff.fromMs, retryBackoffMaxMs: backoff.toMs }, random)
}

/** The attempts of the retry steps that are used up: the pauses of the next one begin anew. */
function attemptsBefore(steps: readonly FailureStep[], attempt: number): number {
  let before = 0
  for (const step of steps) {
    if (step.type !== 'retry' || attempt < before + step.attempts) break
    before += step.attempts
  }
  return before
}

function endOf(step: FinalStep | RetryTopicsStep, failure: Failure, rules: FailureRules): Failed {
  const { error } = failure
  if (step.type === 'retryTopics')
    return { type: 'moved', ...nextOf(step, failure), error, keepsOrder: step.keepsOrder }
  if (step.type === 'skip') return { type: 'skipped', error, reason: step.reason }
  if (step.type === 'halt') return { type: 'halt', error: halted(failure, rules) }
  return { type: 'dead', error, topic: step.topic ?? (rules.deadLetterTopic as string) }
}

function nextOf(step: RetryTopicsStep, { placeIn }: Failure): NextRetryTopic {
  const place = placeIn(step)
  if (place.at === 'elsewhere' || place.next === undefined) throw new TypeError('a chain that has ended is left out')
  return place.next
}

function halted(failure: Failure, { deadLetterTopic }: FailureRules): HoldfastError {
  const { error, attempt, handler, record, isDoubtful } = failure
  if (isUntriable(error)) return error
  const { topic, partition, offset } = record
  const attempts = attempt === 1 ? '1 attempt' : `${attempt} attempts`
  const none = isDoubtful ? 'a filter of onFailure threw, and no' : 'no'
  const why = deadLetterTopic === undefined ? `${none} dead-letter topic is configured` : 'onFailure says so'
  return new HoldfastError(
    'HF_HANDLER_FAILED',
    `${partitionName(record)} halted at ${offset} after ${attempts} of ${handler} (${describeError(error)}): ${why}.\n  Nothing past ${offset} is committed. Fix: correct the cause, then restart the consumer.`,
    { cause: error, details: { topic, partition, offset, attempt, handler } },
  )
}
