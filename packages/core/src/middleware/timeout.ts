import { HoldfastError } from '../errors/holdfast-error.ts'
import { partitionName } from '../model/topic-partition.ts'
import { type AttemptCall, declareMiddleware, type Middleware } from '../pipeline/middleware.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import { checkMillis } from './checks.ts'

/**
 * What is inside has `ms` milliseconds: then its signal aborts, and the attempt fails as soon as it has come back, with
 * whatever result. A handler that returns because its signal aborted has not done its work. Where it ignores the signal
 * the attempt waits for it, up to `handlerTimeoutMs` and what follows then.
 * @throws HF_OPTION_INVALID; HF_MIDDLEWARE_TIMEOUT as the error of the attempt
 */
export function timeout(ms: number): Middleware {
  checkMillis('timeout', 'ms', ms)
  const timeout: Middleware = async (call, next) => {
    const { clock } = call
    const controller = new AbortController()
    // While an attempt waits for its slot it does not age, as its deadline shows; that time is not what it takes.
    const spareMs = call.deadline.getTime() - clock.wallNow() - ms
    const deadlineMs = (): number => call.deadline.getTime() - spareMs
    const timer = inTime(clock, ms, deadlineMs, () => controller.abort(timedOut(call, ms)))
    try {
      const answer = await next({
        signal: controller.signal,
        get deadline() {
          return new Date(deadlineMs())
        },
      })
      controller.signal.throwIfAborted()
      return answer
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : error
    } finally {
      timer.clear()
    }
  }
  return declareMiddleware(timeout, { awaitsNext: true })
}

/** Timers can be early by a fraction, and dates have no fractions. */
const ROUNDING_MS = 1

/** The deadline may be put off meanwhile. */
function inTime(clock: Clock, ms: number, deadlineMs: () => number, callback: () => void): Timer {
  const wait = (delayMs: number): Timer =>
    clock.setTimer(() => {
      const restMs = deadlineMs() - clock.wallNow()
      if (restMs > ROUNDING_MS) timer = wait(restMs)
      else callback()
    }, delayMs)
  let timer = wait(ms)
  return { clear: () => timer.clear() }
}

function timedOut({ record, handler, attempt }: AttemptCall, ms: number): HoldfastError {
  const { topic, partition, offset } = record
  return new HoldfastError(
    'HF_MIDDLEWARE_TIMEOUT',
    `attempt ${attempt} of ${handler} at ${partitionName(record)}@${offset} has taken longer than timeout(${ms}).\n  Fix: let the handler end when its signal aborts, or raise the time of timeout.`,
    { details: { topic, partition, offset, attempt, handler, ms } },
  )
}
