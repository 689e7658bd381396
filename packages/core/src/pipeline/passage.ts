import { HoldfastError } from '../errors/holdfast-error.ts'
import { partitionName } from '../model/topic-partition.ts'
import type { Call } from './call.ts'
import { type Middleware, type Narrowing, nameOfMiddleware } from './middleware.ts'
import { type Ended, SeenPromise } from './seen-promise.ts'

/** What a middleware stands around: the next one, or the handler. */
export type Inside = (call: Call) => unknown

/**
 * One way through one middleware to what is inside it.
 *
 * - `open` until `next` is called; `under way` from then on: it is not called again.
 * - `closed` when the middleware has returned or thrown, whatever was before: `next` is refused.
 * - It ends, closed, when what is inside has ended too; never before, or the next record of the key could begin.
 */
export class Passage {
  readonly #middleware: Middleware
  readonly #inside: Inside
  readonly #call: Call
  readonly #isWatched: boolean
  #isUnderWay = false
  /** What `next` has given to a middleware that is watched. */
  #given: SeenPromise | undefined
  #misuse: HoldfastError | undefined
  #isClosed = false

  constructor(middleware: Middleware, inside: Inside, call: Call, isWatched: boolean) {
    this.#middleware = middleware
    this.#inside = inside
    this.#call = call
    this.#isWatched = isWatched
  }

  readonly next = (inside?: Narrowing): Promise<unknown> => {
    if (this.#isClosed) return this.#refuse('after it had returned')
    if (this.#isUnderWay) return this.#refuse('twice')
    this.#isUnderWay = true
    const entered = this.#enter(inside)
    if (!this.#isWatched) return entered
    this.#given = SeenPromise.of(entered)
    return this.#given
  }

  /** The middleware has thrown: its error is what counts. */
  async fail(error: unknown): Promise<never> {
    this.#isClosed = true
    await this.#given?.ended
    throw error
  }

  /** The middleware has answered. Answers at once where what is inside has ended. */
  leave(answer: unknown): unknown {
    this.#isClosed = true
    const hasSeen = this.#given?.isSeen === true
    const ended = this.#given?.ended
    if (ended instanceof Promise) return ended.then((end) => this.#answer(answer, end, hasSeen))
    return this.#answer(answer, ended, hasSeen)
  }

  #answer(answer: unknown, ended: Ended | undefined, hasSeen: boolean): unknown {
    if (this.#misuse !== undefined) throw this.#misuse
    if (ended === undefined) return answer
    if ('value' in ended) return answer === undefined ? ended.value : answer
    if (!hasSeen) throw ended.error
    return answer
  }

  /** What is inside answers with a promise as a rule, which is taken as it is. */
  #enter(inside: Narrowing | undefined): Promise<unknown> {
    const { context } = this.#call
    try {
      if (context.isAborted) return Promise.reject(context.signal.reason)
      return Promise.resolve(this.#inside(this.#call.narrowed(inside)))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #refuse(when: string): Promise<unknown> {
    const error = nextRefused(this.#middleware, this.#call, when)
    this.#misuse = error
    // Whoever called may be gone, and the attempt over: this line is all that tells.
    if (this.#isClosed) this.#call.logger.error({ err: error, code: error.code }, 'a middleware called next too late')
    return SeenPromise.of(Promise.reject(error))
  }
}

function nextRefused(middleware: Middleware, call: Call, when: string): HoldfastError {
  const { topic, partition, offset } = call.record
  const { handler } = call
  const fix =
    when === 'twice'
      ? 'call next once; to try a record again throw, and onFailure says how often'
      : 'await next before the middleware returns'
  return new HoldfastError(
    'HF_NEXT_REFUSED',
    `${nameOfMiddleware(middleware)} of ${handler} called next ${when} at ${partitionName(call.record)}@${offset}; nothing was run.\n  Fix: ${fix}.`,
    { details: { topic, partition, offset, handler } },
  )
}
