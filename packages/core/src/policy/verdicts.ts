/** Thrown by a handler: trying again cannot help. What follows the retries of its failure policy comes at once. */
export class Fatal extends Error {
  override readonly name: string = 'Fatal'
}

/** Options of `RetryLater`. */
export interface RetryLaterOptions extends ErrorOptions {
  /** `false`: the attempt was none, since its turn had not come; it is not counted. @default true */
  readonly isAttempt?: boolean
}

/**
 * Thrown by a handler: the next attempt is made after so many milliseconds, and not by the back-off. It counts as one. Less than 0
 * is at once, more than 2147483647 (24 days) as long as that; what is no number leaves it to the back-off.
 */
export class RetryLater extends Error {
  override readonly name: string = 'RetryLater'
  readonly delayMs: number
  readonly isAttempt: boolean

  constructor(
    delayMs: number,
    message: string = `again in ${String(delayMs)} ms`,
    { isAttempt = true, ...options }: RetryLaterOptions = {},
  ) {
    super(message, options)
    this.delayMs = delayMs
    this.isAttempt = isAttempt
  }
}

/**
 * Thrown by a handler or a middleware that could not begin, since something that every record needs is not there. The record is
 * tried again, with pauses from 200 ms to 5 s, for as long as that takes: no attempt is counted, its partition takes on
 * nothing more meanwhile, and the consumer is unhealthy.
 */
export class Unavailable extends RetryLater {
  override readonly name: string = 'Unavailable'
  /** What is not there, as it reads in health: `redis`. */
  readonly dependency: string

  constructor(dependency: string, message: string = `${dependency} is not available`, options?: ErrorOptions) {
    super(0, message, { ...options, isAttempt: false })
    this.dependency = dependency
  }
}

/** Thrown by a handler: the record needs no effect. It is settled, counted and logged with the reason. */
export class Skip extends Error {
  override readonly name: string = 'Skip'

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
  }
}
