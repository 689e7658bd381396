import { declareMiddleware, type Middleware } from '../pipeline/middleware.ts'
import { checkCount, checkMillis } from './checks.ts'
import { type Rate, TokenBucket } from './token-bucket.ts'
import { Line, pause } from './waiting.ts'

/**
 * At most `records` begin at once, and so many in every interval from then on. One value has one budget, whichever handlers
 * use it. An attempt waits in its slot and its time runs: slots × intervalMs / records should stay below
 * `handlerTimeoutMs`. A batch counts its records.
 * @throws HF_OPTION_INVALID
 */
export function throttle(rate: Rate): Middleware {
  checkCount('throttle', 'records', rate.records)
  checkMillis('throttle', 'intervalMs', rate.intervalMs)
  const bucket = new TokenBucket(rate)
  const line = new Line()
  const throttle: Middleware = async ({ records, signal, clock }, next) => {
    const leave = await line.enter(signal)
    try {
      const waitMs = bucket.waitMs(records.length, clock.now())
      if (waitMs > 0) await pause(waitMs, clock, signal)
      bucket.take(records.length, clock.now())
    } finally {
      leave()
    }
    return next()
  }
  return declareMiddleware(throttle, { awaitsNext: true })
}
