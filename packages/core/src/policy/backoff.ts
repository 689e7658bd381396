export interface Backoff {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
}

/**
 * The pause after failed attempt number `attempt`: full jitter over a bound that doubles, so that lanes which failed
 * together do not come back together. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, { retryBackoffMs, retryBackoffMaxMs }: Backoff, random: number): number {
  const bound = Math.min(retryBackoffMaxMs, retryBackoffMs * 2 ** Math.min(attempt - 1, 52))
  return Math.ceil(bound * random)
}
