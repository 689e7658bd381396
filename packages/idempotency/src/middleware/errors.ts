import {
  type AttemptCall,
  type ConsumerRecord,
  HoldfastError,
  partitionName,
  RetryLater,
  Unavailable,
} from '@holdfast/core'

/** A record whose key another has is looked at again no later than this. */
const BUSY_PAUSE_MS = 1_000

/** The handler is not called without an answer of the store. */
export function unavailable(store: string, error: unknown): Unavailable {
  const cause = new HoldfastError(
    'HF_STORE_UNAVAILABLE',
    `the idempotency store ${store} is not available: ${textOf(error)}.\n  Fix: bring it back, or let this service reach it.`,
    { cause: error },
  )
  return new Unavailable(store, cause.message, { cause })
}

export function busy(forMs: number): RetryLater {
  return new RetryLater(
    Math.min(forMs, BUSY_PAUSE_MS),
    `another attempt has its idempotency key, for ${forMs} ms at the least`,
    {
      isAttempt: false,
    },
  )
}

/** Two records of one batch have the same key: the second one waits for what becomes of the first. */
export function sameKey(): RetryLater {
  return new RetryLater(0, 'an earlier record of its batch has its idempotency key', { isAttempt: false })
}

/** What comes before it in its lane has to wait, and is not passed by. */
export function behind(): RetryLater {
  return new RetryLater(0, 'an earlier record of its lane waits for its idempotency key', { isAttempt: false })
}

export function mismatch(record: ConsumerRecord, { handler }: AttemptCall): HoldfastError {
  const { topic, partition, offset } = record
  return new HoldfastError(
    'HF_IDEMPOTENCY_MISMATCH',
    `${partitionName(record)}@${offset} has the idempotency key of another record of ${handler}, and another payload.\n  Fix: let the producer use a key once.`,
    { details: { topic, partition, offset, handler } },
  )
}

/** Why the signal aborts of an attempt that is not alone with its key any more, or may not be. */
export function claimLost({ record, handler }: AttemptCall, reason: string): HoldfastError {
  const { topic, partition, offset } = record
  return new HoldfastError(
    'HF_CLAIM_LOST',
    `the attempt of ${handler} at ${partitionName(record)}@${offset} must end: ${reason}.\n  Fix: raise leaseMs where a process may stand still for so long.`,
    { details: { topic, partition, offset, handler } },
  )
}

/** What the attempt fails with then. The record has its turn again when the key is settled one way or the other. */
export function lostTurn(cause: HoldfastError): RetryLater {
  return new RetryLater(BUSY_PAUSE_MS, cause.message, { cause, isAttempt: false })
}

/** Total, as errors of stores are anybody's. */
function textOf(error: unknown): string {
  try {
    return textOfReadable(error)
  } catch {
    return 'an error that cannot be read'
  }
}

function textOfReadable(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Node joins the errors of several addresses into one without a message.
  return error.message || (error instanceof AggregateError ? error.errors.map(textOf).join('; ') : error.name)
}
