import { HoldfastError } from '../errors/holdfast-error.ts'
import { readable } from '../errors/readable.ts'
import { failuresOf } from '../pipeline/batch-results.ts'
import { type AttemptCall, declareMiddleware, type Middleware } from '../pipeline/middleware.ts'

/** One line at debug for every attempt, with what it took and how it ended. Its fields are those of `context.logger`. */
export function logging(): Middleware {
  const logging: Middleware = async (call, next) => {
    const startMs = call.clock.now()
    try {
      const answer = await next()
      const failed = call.batch ? failuresOf(answer, call.records.length).length : 0
      write(call, startMs, failed === 0 ? { outcome: 'done' } : { outcome: 'partial', failed })
      return answer
    } catch (thrown) {
      const error = readable(thrown)
      const code = error instanceof HoldfastError ? { code: error.code } : {}
      write(call, startMs, { outcome: call.signal.aborted ? 'aborted' : 'failed', ...code, err: error })
      throw thrown
    }
  }
  return declareMiddleware(logging, { awaitsNext: true })
}

function write(call: AttemptCall, startMs: number, outcome: object): void {
  const { handler, attempt, epoch, clock, records } = call
  const durationMs = clock.now() - startMs
  call.logger.debug({ handler, attempt, epoch, records: records.length, durationMs, ...outcome }, 'attempt ended')
}
