import type { AttemptEvent } from '../ports/events.ts'
import type { Logger } from '../ports/logger.ts'
import type { Delivery } from '../schedule/lane.ts'
import type { CallContext } from './call-context.ts'
import type { Narrowing } from './middleware.ts'

/** The context of an attempt with a signal or a deadline of its own, which can end it earlier and never later. */
export class NarrowedContext implements CallContext {
  readonly #outer: CallContext
  readonly #inside: Narrowing
  /** Made when it is first asked for, as that of the attempt is. */
  #signal: AbortSignal | undefined

  constructor(outer: CallContext, inside: Narrowing) {
    this.#outer = outer
    this.#inside = inside
  }

  get signal(): AbortSignal {
    const { signal } = this.#inside
    if (signal === undefined) return this.#outer.signal
    this.#signal ??= AbortSignal.any([this.#outer.signal, signal])
    return this.#signal
  }

  get deadline(): Date {
    const { deadline } = this.#outer
    const { deadline: earlier } = this.#inside
    return earlier === undefined || deadline < earlier ? deadline : earlier
  }

  get isAborted(): boolean {
    return this.#inside.signal?.aborted === true || this.#outer.isAborted
  }

  get isCalledOff(): boolean {
    return this.#outer.isCalledOff
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
    return this.#inside.settle ?? this.#outer.settle
  }

  get produce(): CallContext['produce'] {
    return this.#outer.produce
  }

  set handledMs(durationMs: number) {
    this.#outer.handledMs = durationMs
  }

  get isInGate(): boolean {
    return this.#outer.isInGate
  }

  set isInGate(isInGate: boolean) {
    this.#outer.isInGate = isInGate
  }

  get mayProduce(): boolean {
    return this.#outer.mayProduce
  }

  postpone(whenAborted?: () => void): void {
    this.#outer.postpone(whenAborted)
  }

  start(place: 'here' | 'elsewhere'): void {
    this.#outer.start(place)
  }
}
