import { RetryLater } from '../policy/verdicts.ts'

/** What a middleware throws that had to wait for too long before `next`: the attempt was none, and another one begins at once. */
export function untried(why: string): RetryLater {
  return new RetryLater(0, why, { isAttempt: false })
}
