import { requireInternal } from './kafkajs.ts'

/** What the mend reads and writes of kafkajs's `RequestQueue`. */
export interface RequestQueueState {
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  checkPendingRequests(): void
}

export interface RequestQueueClass {
  readonly prototype: { scheduleCheckPendingRequests(this: RequestQueueState): void }
}

/** kafkajs's own interval for a queue that waits for a free in-flight slot. */
const RECHECK_MS = 10
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Wakes the queue when its throttling ends. kafkajs arms this timer with nothing to send too, with
 * the negative distance to a throttling that is over: Node rounds it up to 1 ms and every
 * connection spins for ever. An empty queue needs no timer, `push` asks for one.
 */
function scheduleCheckPendingRequests(this: RequestQueueState): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return
  const throttledMs = this.throttledUntil - Date.now()
  const delayMs = throttledMs > 0 ? Math.min(throttledMs, LONGEST_TIMER_MS) : RECHECK_MS
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null
    this.checkPendingRequests()
  }, delayMs)
}

/** Stops the 1 ms timer of every connection; calling it again changes nothing. */
export function mendRequestQueue(
  RequestQueue: RequestQueueClass = requireInternal<RequestQueueClass>('network/requestQueue'),
): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests
}
