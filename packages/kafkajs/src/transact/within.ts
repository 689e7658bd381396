/** Rejects where the work takes longer; what it leads to then is nobody's. */
export async function within<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  const limit = Promise.withResolvers<never>()
  const timer = setTimeout(() => limit.reject(new Error(`${what} has taken more than ${limitMs} ms`)), limitMs)
  work.catch(() => undefined)
  try {
    return await Promise.race([work, limit.promise])
  } finally {
    clearTimeout(timer)
  }
}
