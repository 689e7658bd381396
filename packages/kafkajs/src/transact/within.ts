/** Work has taken longer than it may. */
export class LimitExceeded extends Error {}

/** Rejects with `LimitExceeded` where the work takes longer; what it leads to then is nobody's. */
export async function within<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  const limit = Promise.withResolvers<never>()
  const timer = setTimeout(() => limit.reject(new LimitExceeded(`${what} has taken more than ${limitMs} ms`)), limitMs)
  work.catch(() => undefined)
  try {
    return await Promise.race([work, limit.promise])
  } finally {
    clearTimeout(timer)
  }
}
