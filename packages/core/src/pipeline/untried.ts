import { describeError } from '../errors/holdfast-error.ts'
import { RetryLater, Unavailable } from '../policy/verdicts.ts'

/** What a middleware throws that had to wait for too long before `next`: the attempt was none, and another one begins at once. */
export function untried(why: string): RetryLater {
  return new RetryLater(0, why, { isAttempt: false })
}

/** What a middleware throws whose store has no answer: no record is to blame, and none is given up for it. */
export function withoutStore(name: string, cause: unknown): Unavailable {
  return new Unavailable(name, `${name} is not available: ${describeError(cause)}`, { cause })
}
