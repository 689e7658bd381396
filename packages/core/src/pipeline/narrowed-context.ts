import type { AttemptEvent } from '../ports/events.ts'
import type { Logger } from '../ports/logger.ts'
import type { Delivery } from '../schedule/lane.ts'
import type { CallContext } from './call-context.ts'
import type { Narrowing } from './middleware.ts'

/** The context of an attempt with a signal or a deadline of its own, which can end it earlier and never later. */
export class NarrowedContext implements CallContext {
  readonly signal: AbortSignal
  readonly #outer: CallContext
  readonly #deadline: Date | undefined

  constructor(outer: CallContext, { signal, deadline }: Narrowing) {
    this.#outer = outer
    this.#deadline = deadline
    this.signal = signal === undefined ? outer.signal : AbortSignal.any([outer.signal, signal])
  }

  get deadline(): Date {
    const { deadline } = this.#outer
    return this.#deadline === undefined || deadline < this.#deadline ? deadline : this.#deadline
  }

  get isAborted(): boolean {
    return this.signal.aborted
  }

  get logger(): Logger {
    return this.#outer.logger
  }

  get attempt(): number {
    return this.#outer.attempt
  }

  get groupId(): string {
    return this.#outer.groupId
  }

  get memberId(): string {
    return this.#outer.memberId
  }

  get epoch(): number {
    return this.#outer.epoch
  }

  get delivery(): Delivery {
    return this.#outer.delivery
  }

  get handler(): string {
    return this.#outer.handler
  }

  get event(): AttemptEvent {
    return this.#outer.event
  }

  get logFields(): Record<string, unknown> {
    return this.#outer.logFields
  }

  get originOf(): CallContext['originOf'] {
    return this.#outer.originOf
  }

  get settle(): CallContext['settle'] {
    return this.#outer.settle
  }

  postpone(): void {
    this.#outer.postpone()
  }

  start(): void {
    this.#outer.start()
  }
}
