import type { ConsumerRecord } from '../model/record.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { CallContext } from './call-context.ts'
import type { DecodedRecord } from './decode.ts'
import type { TopicPattern } from './handler.ts'
import type { AttemptCall, Narrowing } from './middleware.ts'
import { NarrowedContext } from './narrowed-context.ts'

/** What all calls of a handler share. */
export interface CallScope {
  readonly topics: readonly TopicPattern[]
  readonly batch: boolean
  readonly clock: Clock
  readonly laneOf: AttemptCall['laneOf']
}

/** One call of a handler on its way through the middleware. */
export class Call implements AttemptCall {
  readonly input: unknown
  readonly context: CallContext
  readonly #scope: CallScope

  constructor(scope: CallScope, input: unknown, context: CallContext) {
    this.#scope = scope
    this.input = input
    this.context = context
  }

  /** The same call, as it is seen further inside. */
  narrowed(inside: Narrowing | undefined): Call {
    if (inside === undefined) return this
    const { signal, deadline, settle, records } = inside
    const isSame = signal === undefined && deadline === undefined && settle === undefined
    const context = isSame ? this.context : new NarrowedContext(this.context, inside)
    return new Call(this.#scope, this.batch && records !== undefined ? records : this.input, context)
  }

  get records(): readonly DecodedRecord[] {
    return (this.batch ? this.input : [this.input]) as readonly DecodedRecord[]
  }

  get record(): DecodedRecord {
    return (this.batch ? (this.input as readonly DecodedRecord[])[0] : this.input) as DecodedRecord
  }

  /** A batch ends before the first record that does not decode, and a middleware may have handed on some of it only. */
  get raw(): readonly ConsumerRecord[] {
    const { records } = this.context.delivery
    if (records.length === this.records.length) return records
    const offsets = new Set(this.records.map(({ offset }) => offset))
    return records.filter(({ offset }) => offsets.has(offset))
  }

  get laneOf(): AttemptCall['laneOf'] {
    return this.#scope.laneOf
  }

  get settle(): AttemptCall['settle'] {
    return this.context.settle
  }

  get topics(): readonly TopicPattern[] {
    return this.#scope.topics
  }

  get batch(): boolean {
    return this.#scope.batch
  }

  get clock(): Clock {
    return this.#scope.clock
  }

  get topic(): string {
    return this.record.topic
  }

  get partition(): number {
    return this.record.partition
  }

  get handler(): string {
    return this.context.handler
  }

  get signal(): AbortSignal {
    return this.context.signal
  }

  get logger(): Logger {
    return this.context.logger
  }

  get attempt(): number {
    return this.context.attempt
  }

  get deadline(): Date {
    return this.context.deadline
  }

  get groupId(): string {
    return this.context.groupId
  }

  get memberId(): string {
    return this.context.memberId
  }

  get originOf(): CallContext['originOf'] {
    return this.context.originOf
  }

  get epoch(): number {
    return this.context.epoch
  }

  get produce(): CallContext['produce'] {
    return this.context.produce
  }
}
