/** A pause that doubles with each attempt from `fromMs` to `toMs` milliseconds, with full jitter. */
export interface ExponentialBackoff {
  readonly fromMs: number
  readonly toMs: number
}

/** Calls of the handler in place, the first one included; its key waits between them, and others go on. */
export interface RetryStep {
  readonly type: 'retry'
  readonly attempts: number
  readonly backoff: ExponentialBackoff
}

/** One retry topic of a chain. */
export interface RetryLevel {
  /** How long a record waits in it, from its time stamp on. */
  readonly delayMs: number
  /** Whether one topic serves all topics of the handlers, or each has its own. */
  readonly isShared: boolean
  /** The name of the retry topic for records of this topic. */
  nameFor(topic: string): string
}

/** The record is written to the next retry topic of the chain, and settled when that is acknowledged. */
export interface RetryTopicsStep {
  readonly type: 'retryTopics'
  readonly levels: readonly RetryLevel[]
  /** Whether later records of the key go behind it. */
  readonly keepsOrder: boolean
}

/** The record is written to a topic for such, and settled when that is acknowledged. */
export interface DeadLetterStep {
  readonly type: 'deadLetter'
  /** Undefined for the `deadLetterTopic` of the consumer. */
  readonly topic: string | undefined
}

/** The partition stops at the record. */
export interface HaltStep {
  readonly type: 'halt'
}

/** The record is settled without effect, counted and logged. */
export interface SkipStep {
  readonly type: 'skip'
  readonly reason: string
}

export type FinalStep = DeadLetterStep | HaltStep | SkipStep
/** One step of a failure policy. */
export type FailureStep = RetryStep | RetryTopicsStep | FinalStep
