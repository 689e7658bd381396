import type { CallContext } from '../pipeline/call-context.ts'
import type { Gate } from '../pipeline/with-middleware.ts'
import { AttemptsAhead } from '../policy/attempts-ahead.ts'
import type { Clock } from '../ports/clock.ts'
import { Fifo } from '../schedule/fifo.ts'

interface Waiting {
  readonly context: CallContext
  isGone: boolean
  resolve(sinceMs: number): void
}

/**
 * Keeps the number of handlers that run at once to that of the slots, where attempts lend their slots while their middleware
 * waits for a store: then more attempts are under way than there are slots.
 */
export class HandlerGate implements Gate {
  readonly ahead: AttemptsAhead = new AttemptsAhead()
  readonly #clock: Clock
  readonly #waiting = new Fifo<Waiting>()
  #limit = 1
  #running = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** So many handlers run at once. */
  get limit(): number {
    return this.#limit
  }

  /** What waits need not wait for the end of a handler where there are more: those that run may never end. */
  set limit(limit: number) {
    this.#limit = limit
    this.#letIn()
  }

  enter(context: CallContext): number | Promise<number> {
    const isFree = this.#running < this.#limit && this.#waiting.length === 0
    // To wait ends one that is not to begin any more.
    if (!isFree || context.isCalledOff) return this.#wait(context)
    return this.#begin(context)
  }

  leave(context: CallContext, sinceMs: number): void {
    context.handledMs = this.#clock.now() - sinceMs
    this.giveUp(context)
  }

  /** A handler is not waited for: another one may begin. */
  giveUp(context: Pick<CallContext, 'isInGate'>): void {
    if (!context.isInGate) return
    context.isInGate = false
    this.#running -= 1
    this.#letIn()
  }

  #begin(context: CallContext): number {
    context.isInGate = true
    this.#running += 1
    return this.#clock.now()
  }

  #letIn(): void {
    while (this.#running < this.#limit) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      if (next.isGone) continue
      next.context.start('here')
      next.resolve(this.#begin(next.context))
    }
  }

  /** Until a handler ends; an attempt that is told to end does not wait for that. */
  #wait(context: CallContext): Promise<number> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { context, isGone: false, resolve }
      context.postpone(() => {
        waiting.isGone = true
        context.start('here')
        reject(context.signal.reason)
      })
      // One that is not to begin any more would have others wait behind it, though nobody runs who could let them in.
      if (!waiting.isGone) this.#waiting.push(waiting)
    })
  }
}
