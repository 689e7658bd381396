import { HoldfastError } from '../errors/holdfast-error.ts'
import { type ErrorFilter, matches, type OnFilterFailure } from './error-filter.ts'
import { isUntriable } from './failure.ts'
import { Fatal, RetryLater, Skip } from './verdicts.ts'

/** Options of `circuitBreaker`; times are milliseconds. */
export interface CircuitBreakerOptions {
  /** What it stands for in events, status and health: `smtp`. */
  readonly name: string
  /**
   * Opens when so many attempts in a row have failed by the dependency. Should be less than the attempts of a record, so
   * that an outage is noticed before a record is given up. @default 5, or no such limit beside `failureRatio`
   */
  readonly consecutiveFailures?: number
  /** Opens when of the last `attempts` more than the share `above` have failed by the dependency. @default no such limit */
  readonly failureRatio?: { readonly above: number; readonly attempts: number }
  /**
   * Which errors are the dependency's, and not the record's: those of a class, or for which a function answers true. An
   * error for one recipient must not be among them. One for which it throws is not the dependency's.
   * @default every error that a handler throws, and time-outs
   */
  readonly when?: ErrorFilter
  /** How long it stays open before one record is tried; doubles each time that fails. @default 5000 */
  readonly halfOpenAfterMs?: number
  /** The longest of these waits. @default 60000, or `halfOpenAfterMs` where that is longer */
  readonly halfOpenMaxMs?: number
}

const DEFAULT_FAILURES = 5
const DEFAULT_WAIT_MS = 5_000
const DEFAULT_LONGEST_MS = 60_000
const MAX_WAIT_MS = 2 ** 31 - 1
/** Of our own errors, those that say that a handler took too long: what it waited for may have hung. */
const TIMEOUTS: readonly string[] = ['HF_ABORTED', 'HF_MIDDLEWARE_TIMEOUT']

/**
 * A dependency of handlers, made by `circuitBreaker`. It holds no state: each consumer finds out by itself whether the
 * dependency is down.
 */
export class CircuitBreaker {
  readonly name: string
  readonly consecutiveFailures: number | undefined
  readonly failureRatio: { readonly above: number; readonly attempts: number } | undefined
  readonly halfOpenAfterMs: number
  readonly halfOpenMaxMs: number
  readonly #when: ErrorFilter

  constructor(options: CircuitBreakerOptions) {
    const { name, failureRatio, halfOpenAfterMs = DEFAULT_WAIT_MS, when = isLikelyOfDependency } = options
    this.name = name
    this.failureRatio = failureRatio && Object.freeze({ ...failureRatio })
    this.consecutiveFailures =
      options.consecutiveFailures ?? (failureRatio === undefined ? DEFAULT_FAILURES : undefined)
    this.halfOpenAfterMs = halfOpenAfterMs
    this.halfOpenMaxMs = options.halfOpenMaxMs ?? Math.max(DEFAULT_LONGEST_MS, halfOpenAfterMs)
    this.#when = when
    Object.freeze(this)
  }

  /**
   * Whether an error is the dependency's. One that was thrown before the handler was called, that was no attempt, or `Fatal` or
   * `Skip`, never is; nor one for which `when` throws, which is told to `failed`.
   */
  isFailure(error: unknown, failed: OnFilterFailure): boolean {
    if (isUntriable(error) || error instanceof Fatal || error instanceof Skip) return false
    if (error instanceof RetryLater && !error.isAttempt) return false
    return matches(this.#when, error, failed)
  }

  /** How options are printed. */
  toJSON(): string {
    return this.name
  }
}

/**
 * Makes a circuit breaker: give it to the handlers that depend on the same thing, as `circuit`. While it is open their
 * partitions are paused and no attempt is counted; then one record is tried at a time until one succeeds.
 * @throws HF_OPTION_INVALID
 */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  check(options)
  return new CircuitBreaker(options)
}

function isLikelyOfDependency(error: unknown): boolean {
  if (error instanceof RetryLater) return false
  return !(error instanceof HoldfastError) || TIMEOUTS.includes(error.code)
}

const NAMES: Readonly<Record<keyof CircuitBreakerOptions, true>> = {
  name: true,
  consecutiveFailures: true,
  failureRatio: true,
  when: true,
  halfOpenAfterMs: true,
  halfOpenMaxMs: true,
}

function check(options: CircuitBreakerOptions): void {
  const { name, consecutiveFailures, failureRatio, when, halfOpenAfterMs, halfOpenMaxMs } = options
  const unknown = Object.keys(options).find((option) => !Object.hasOwn(NAMES, option))
  if (unknown !== undefined) throw invalid(`has no option "${unknown}"`, `use ${Object.keys(NAMES).join(', ')}`)
  if (typeof name !== 'string' || name.trim() === '') throw invalid('needs a name', 'name what it stands for: smtp')
  if (consecutiveFailures !== undefined) checkWhole('consecutiveFailures', consecutiveFailures)
  if (failureRatio !== undefined) {
    checkWhole('failureRatio.attempts', failureRatio.attempts)
    const { above } = failureRatio
    if (!(above > 0 && above < 1)) {
      throw invalid(
        `cannot have failureRatio.above = ${String(above)}`,
        'give a share between 0 and 1, neither of them',
      )
    }
  }
  if (when !== undefined && typeof when !== 'function') {
    throw invalid('cannot have this when', 'give a class of errors, or a function of an error')
  }
  if (halfOpenAfterMs !== undefined) checkWhole('halfOpenAfterMs', halfOpenAfterMs)
  if (halfOpenMaxMs === undefined) return
  checkWhole('halfOpenMaxMs', halfOpenMaxMs)
  if (halfOpenMaxMs >= (halfOpenAfterMs ?? DEFAULT_WAIT_MS)) return
  throw invalid(
    `cannot have halfOpenMaxMs = ${halfOpenMaxMs} below halfOpenAfterMs = ${halfOpenAfterMs ?? DEFAULT_WAIT_MS}`,
    'raise halfOpenMaxMs',
  )
}

function checkWhole(option: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= MAX_WAIT_MS) return
  throw invalid(`cannot have ${option} = ${String(value)}`, `give a whole number between 1 and ${MAX_WAIT_MS}`)
}

function invalid(what: string, fix: string): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', `circuitBreaker ${what}.\n  Fix: ${fix}.`, {
    details: { option: 'circuit' },
  })
}
