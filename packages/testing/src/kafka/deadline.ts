import { setTimeout as delay } from 'node:timers/promises'

/** Rejects when `work` takes longer than `ms`; the work itself goes on unseen. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const expired = delay(ms, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer within ${Math.round(ms)} ms`)
  })
  // Whichever loses the race may still reject.
  expired.catch(() => undefined)
  work.catch(() => undefined)
  try {
    return await Promise.race([work, expired])
  } finally {
    timer.abort()
  }
}
