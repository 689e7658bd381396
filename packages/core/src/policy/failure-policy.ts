import { HoldfastError } from '../errors/holdfast-error.ts'
import { type ErrorFilter, matches, type OnFilterFailure } from './error-filter.ts'
import type { ExponentialBackoff, FailureStep } from './failure-steps.ts'

interface FailureCase {
  readonly filter: ErrorFilter
  readonly policy: FailurePolicy
}

/**
 * What follows when a record fails, read from left to right: `retry({ attempts: 5 }).then(deadLetter())`. Without a last
 * step it ends in the dead-letter topic of the consumer, or where there is none halts the partition.
 */
export class FailurePolicy {
  readonly steps: readonly FailureStep[]
  readonly cases: readonly FailureCase[]

  constructor(steps: readonly FailureStep[], cases: readonly FailureCase[] = []) {
    this.steps = Object.freeze([...steps])
    this.cases = Object.freeze([...cases])
    Object.freeze(this)
  }

  /**
   * What comes when the steps so far have not helped.
   * @throws HF_OPTION_INVALID where nothing can follow them, or no policy is given
   */
  // biome-ignore lint/suspicious/noThenProperty: a policy reads as a sentence; awaiting one is refused below
  then(next: FailurePolicy): FailurePolicy {
    if (typeof next === 'function') throw new TypeError('a failure policy is no promise, and cannot be awaited')
    if (!(next instanceof FailurePolicy)) throw notAPolicy('then', next)
    checkOrder(this.steps.at(-1), next.steps.at(0))
    return new FailurePolicy([...this.steps, ...next.steps], [...this.cases, ...next.cases])
  }

  /**
   * Another policy for some errors: those of a class, or those for which a function answers true. The first that fits
   * counts. Errors of a handler that holdfast wraps are matched by what the handler threw. A function that throws fits
   * nothing, and no `skip` is believed that it may have kept from another end.
   * @throws HF_OPTION_INVALID
   */
  when(filter: ErrorFilter, policy: FailurePolicy): FailurePolicy {
    if (typeof filter !== 'function') throw invalid('when takes a class of errors, or a function of an error')
    if (!(policy instanceof FailurePolicy)) throw notAPolicy('when', policy)
    return new FailurePolicy(this.steps, [...this.cases, { filter, policy }])
  }

  /** The steps for an error; a filter that fails is passed over, and told to `failed`. */
  stepsFor(error: unknown, failed: OnFilterFailure): readonly FailureStep[] {
    const fitting = this.cases.find(({ filter }) => matches(filter, error, failed))
    return fitting === undefined ? this.steps : fitting.policy.stepsFor(error, failed)
  }

  /** All policies that it consists of, itself first. */
  get parts(): readonly FailurePolicy[] {
    return [this, ...this.cases.flatMap(({ policy }) => policy.parts)]
  }
}

const DEFAULT_BACKOFF: ExponentialBackoff = Object.freeze({ fromMs: 200, toMs: 30_000 })

/** Options of `retry`. */
export interface RetryOptions {
  /** Calls of the handler for one record, the first one included. @default 5 */
  readonly attempts?: number
  /** @default exponential({ fromMs: 200, toMs: 30000 }) */
  readonly backoff?: ExponentialBackoff
}

/**
 * Tries again in place. Only the key of the record waits.
 * @throws HF_OPTION_INVALID
 */
export function retry({ attempts = 5, backoff = DEFAULT_BACKOFF }: RetryOptions = {}): FailurePolicy {
  if (!Number.isSafeInteger(attempts) || attempts < 1)
    throw invalid(`retry.attempts = ${String(attempts)} is not allowed: it must be a whole number of at least 1`)
  return new FailurePolicy([{ type: 'retry', attempts, backoff: exponential(backoff) }])
}

/**
 * A first pause, of at least 1 ms, and the longest; in between it doubles, with full jitter.
 * @throws HF_OPTION_INVALID
 */
export function exponential({ fromMs, toMs }: ExponentialBackoff): ExponentialBackoff {
  if (!(fromMs >= 1 && toMs >= fromMs && toMs < 2 ** 31))
    throw invalid(
      `exponential({ fromMs: ${fromMs}, toMs: ${toMs} }) is not allowed: fromMs must be at least 1, and toMs no less`,
    )
  return Object.freeze({ fromMs, toMs })
}

/** Writes the record to a dead-letter topic. @default topic of the consumer's `deadLetterTopic` */
export function deadLetter({ topic }: { readonly topic?: string } = {}): FailurePolicy {
  return new FailurePolicy([{ type: 'deadLetter', topic }])
}

/** Stops the partition at the record. */
export function halt(): FailurePolicy {
  return new FailurePolicy([{ type: 'halt' }])
}

/**
 * Goes on without the record: its effect is lost, which is counted and logged with this reason.
 * @throws HF_OPTION_INVALID for a reason that is empty
 */
export function skip(reason: string): FailurePolicy {
  if (typeof reason !== 'string' || reason.trim() === '')
    throw invalid('skip needs a reason, which is logged for each record')
  return new FailurePolicy([{ type: 'skip', reason }])
}

function checkOrder(last: FailureStep | undefined, next: FailureStep | undefined): void {
  if (last === undefined || last.type === 'retry') return
  if (last.type !== 'retryTopics')
    throw invalid(
      `nothing can follow ${last.type} in a failure policy: a record is settled, or its partition halted, by it`,
    )
  if (next?.type === 'retry' || next?.type === 'retryTopics')
    throw invalid(
      `${next.type} cannot follow retryTopics: a record in the last retry topic is handled once, and what follows is its end. Give retryTopics more delays instead`,
    )
}

function notAPolicy(where: string, given: unknown): HoldfastError {
  return invalid(`${where} takes a failure policy, such as deadLetter() or halt(), and was given ${typeof given}`)
}

function invalid(what: string): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', `${what}.\n  Fix: correct onFailure.`, {
    details: { option: 'onFailure' },
  })
}
