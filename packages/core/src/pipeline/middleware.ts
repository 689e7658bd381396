import { HoldfastError } from '../errors/holdfast-error.ts'
import type { ConsumerRecord } from '../model/record.ts'
import type { AssignedPartition, TopicPartition } from '../model/topic-partition.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { LaneKey } from '../schedule/ordering.ts'
import type { HandlerContext, TopicPattern } from './handler.ts'

/** An attempt as its middleware sees it: what the handler knows of it, and what it is about to be called with. */
export interface AttemptCall<Value = unknown, Key = unknown, Headers = unknown> extends HandlerContext {
  readonly topic: string
  readonly partition: number
  /** The name of the handler, as in logs and status. */
  readonly handler: string
  /** Whether the handler takes batches. */
  readonly batch: boolean
  /** What the handler is called with: one record, or those of a batch. */
  readonly records: readonly ConsumerRecord<Value, Key, Headers>[]
  /** The record, or the first one of the batch. */
  readonly record: ConsumerRecord<Value, Key, Headers>
  /** The same records as they came from Kafka, not decoded. */
  readonly raw: readonly ConsumerRecord[]
  /** The topics of its handler, as they were given to `on`. */
  readonly topics: readonly TopicPattern[]
  /**
   * What `order` has for a raw record: of those with the same, each waits for those before it; undefined for one that waits for
   * none.
   */
  laneOf(record: ConsumerRecord): LaneKey | undefined
  /** Says that one record of a batch is done, before the handler returns; as `settle` of a batch handler's context. */
  settle(record: { readonly offset: number }): void
  /** Time as the consumer sees it. */
  readonly clock: Clock
}

/** What is narrower for the handler, and for the middleware further inside. */
export interface Narrowing {
  /** Aborts what is inside, as the attempt's own signal does. */
  readonly signal?: AbortSignal
  /** What `context.deadline` says inside, where it is earlier than the attempt's; asked each time, it may move. */
  readonly deadline?: Date
  /** Of a batch: the records that are handed on, some of `records` in their order. The answer of `next` is of them alone. */
  readonly records?: readonly ConsumerRecord<unknown, unknown, unknown>[]
  /** Of a batch: is called in place of `settle` by what is inside. */
  readonly settle?: (record: { readonly offset: number }) => void
}

/** What a middleware says of itself to the consumer. */
export interface MiddlewareTraits {
  /**
   * `effects once`: the effect of a record is made once, however often it is delivered; what `delivery: 'exactly-once'`
   * asks for.
   */
  readonly provides?: 'effects once'
  /** It knows records by their places, and would take one that was written to a retry topic twice for two. */
  readonly refusesRetryTopics?: boolean
  /**
   * It waits for something that is no work of the handler's, such as a store, before it calls `next` or after that. Meanwhile its
   * slot begins another attempt, so that a consumer has more attempts under way than slots; handlers still run in slots alone.
   */
  readonly lendsSlot?: boolean
  /**
   * It always awaits `next` before it returns, answers what that answered or something in its place, and lets through or handles
   * what it rejects with. The consumer takes its word for it and does not watch, which spares a microsecond for each attempt.
   */
  readonly awaitsNext?: boolean
  /**
   * Where partitions begin, by what the middleware itself keeps of their progress; asked when they are assigned to this member,
   * and not to be longer than a few seconds: the group waits.
   */
  startsAt?(groupId: string, partitions: readonly AssignedPartition[]): Promise<readonly AssignedPartition[]>
  /** Everything before this offset is settled, and the group knows. */
  committed?(groupId: string, partition: TopicPartition, offset: number): void
  /** The position of a partition was outside its log and has been moved here; told before records come from there. */
  reset?(groupId: string, partition: TopicPartition, to: number): void
  /** Is awaited when the consumer starts, before it joins; a rejection ends the run. */
  start?(logger: Logger): Promise<void>
}

/**
 * Calls what is inside: the next middleware, at last the handler. Resolves with its answer, and rejects with its error.
 * Where the attempt has been told to end nothing is called, and it rejects with the reason of the signal.
 * @throws HF_NEXT_REFUSED, as a rejection: called twice, or after the middleware has returned
 */
export type Next = (inside?: Narrowing) => Promise<unknown>

/**
 * A function around every attempt of a handler.
 *
 * - What it answers is the attempt's answer; `undefined` leaves that of `next` as it is. Without a call of `next` the
 *   records are done by its word.
 * - What it throws is judged as the handler's error. An error of `next` that it catches is gone.
 * - The attempt ends when the middleware and all that it began by `next` have ended. An error that it cannot have seen,
 *   because it did not wait for `next`, fails the attempt.
 */
export type Middleware<Value = unknown, Key = unknown, Headers = unknown> = (
  call: AttemptCall<Value, Key, Headers>,
  next: Next,
) => unknown

/**
 * What `use` takes: middleware of any record, or of the records it was written for. That these are the handler's is not
 * checked: types that depended on the decoders beside `use` would keep TypeScript from inferring what those make.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyMiddleware = Middleware<any, any, any>

const forRecords = new WeakSet<AnyMiddleware>()

/** Middleware that makes no sense around a batch handler; a consumer with both is refused. */
export function recordsOnly(middleware: Middleware): Middleware {
  forRecords.add(middleware)
  return middleware
}

const traits = new WeakMap<AnyMiddleware, MiddlewareTraits>()

/** Has a middleware say of itself what the consumer should know. */
export function declareMiddleware(middleware: Middleware, declared: MiddlewareTraits): Middleware {
  traits.set(middleware, declared)
  return middleware
}

export function traitsOf(middleware: AnyMiddleware): MiddlewareTraits {
  return traits.get(middleware) ?? {}
}

export function isRecordsOnly(middleware: AnyMiddleware): boolean {
  return forRecords.has(middleware)
}

export function nameOfMiddleware({ name }: { readonly name: string }): string {
  return name === '' ? 'a middleware' : `the middleware ${name}`
}

/** @throws HF_OPTION_INVALID */
export function checkUse(handler: string, use: unknown): void {
  if (use === undefined || (Array.isArray(use) && use.every((entry) => typeof entry === 'function'))) return
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    `use of ${handler} must be a list of middleware, functions of (call, next).\n  Fix: write use: [logging()], or remove use.`,
    { details: { option: 'use' } },
  )
}
