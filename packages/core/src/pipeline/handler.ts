import type { StandardSchemaV1 } from '@standard-schema/spec'
import { HoldfastError } from '../errors/holdfast-error.ts'
import type { ConsumerRecord, RecordHeaders } from '../model/record.ts'
import type { Logger } from '../ports/logger.ts'
import type { Decoder } from './decoders.ts'

/** What a handler knows of its attempt. */
export interface HandlerContext {
  /**
   * Aborts when the result of this attempt can no longer count; its reason is a `HoldfastError` with code `HF_ABORTED`
   * and `details.reason` of `revoked`, `lost`, `deadline` or `shutdown`.
   */
  readonly signal: AbortSignal
  /** A child of the consumer's logger with topic, partition, offset and a hash of the key. */
  readonly logger: Logger
  /** 1 for the first call, one more for each retry. */
  readonly attempt: number
  /** When this attempt reaches `handlerTimeoutMs`. */
  readonly deadline: Date
  readonly groupId: string
  readonly memberId: string
  /** The assignment under which the record arrived; grows with every assignment of the partition. */
  readonly epoch: number
}

/** What a batch handler knows of its attempt. */
export interface BatchHandlerContext extends HandlerContext {
  /**
   * Says that one record of the batch is done, before the handler returns: it is committed as soon as those before it
   * are, and is not tried again when the handler throws. After the attempt has ended it does nothing.
   * @throws HF_BATCH_RESULT_INVALID for an offset that is not in the batch
   */
  settle(record: { readonly offset: number }): void
}

export type RecordHandler<Value, Key, Headers> = (
  record: ConsumerRecord<Value, Key, Headers>,
  context: HandlerContext,
) => unknown

/**
 * Handles a batch. When it throws, all of its records are tried again but those it has settled. An array with an entry
 * for each record tells them apart: an `Error`, or a rejected entry of `Promise.allSettled`, fails its record, anything
 * else settles it. Any other answer settles them all.
 */
export type BatchHandler<Value, Key, Headers> = (
  records: readonly ConsumerRecord<Value, Key, Headers>[],
  context: BatchHandlerContext,
) => unknown

/** How the parts of a record become what the handler takes. A part without a decoder stays as it came. */
export interface HandlerOptions<Value, Key, Headers> {
  /** `json(schema)`, `string()`, `bytes()` or a function of your own. @default the raw bytes, or null */
  readonly value?: Decoder<Value>
  /** As `value`, for the key. @default the raw bytes, or null */
  readonly key?: Decoder<Key>
  /** Any Standard Schema over an object of header names and their last values as UTF-8 text. @default `RecordHeaders` */
  readonly headers?: StandardSchemaV1<unknown, Headers>
  /** `true`: the handler takes up to `maxBatchRecords` records of one partition at a time. @default false */
  readonly batch?: boolean
}

export type TopicPattern = string | RegExp

/** A handler with its topics, made by `on`. */
export interface HandlerDefinition {
  readonly topics: readonly TopicPattern[]
  /** For logs and status: the function's name, or its topics. */
  readonly name: string
  readonly batch: boolean
  readonly options: HandlerOptions<unknown, unknown, unknown>
  readonly handle: (input: never, context: BatchHandlerContext) => unknown
}

type RecordOptions<V, K, H> = HandlerOptions<V, K, H> & { readonly batch?: false }
type BatchOptions<V, K, H> = HandlerOptions<V, K, H> & { readonly batch: true }
type Topics = TopicPattern | readonly TopicPattern[]
type Bytes = Buffer | null

const definitions = new WeakSet<object>()

/**
 * Binds a handler to a topic, several topics, or every topic whose name matches a RegExp. The payload's type follows
 * from the decoder: with `value: json(schema)` the handler's `record.value` is the schema's output.
 */
export function on(topics: Topics, handler: RecordHandler<Bytes, Bytes, RecordHeaders>): HandlerDefinition
export function on<V = Bytes, K = Bytes, H = RecordHeaders>(
  topics: Topics,
  options: BatchOptions<V, K, H>,
  handler: BatchHandler<V, K, H>,
): HandlerDefinition
export function on<V = Bytes, K = Bytes, H = RecordHeaders>(
  topics: Topics,
  options: RecordOptions<V, K, H>,
  handler: RecordHandler<V, K, H>,
): HandlerDefinition
export function on(
  topics: Topics,
  second: HandlerOptions<unknown, unknown, unknown> | HandlerDefinition['handle'],
  third?: HandlerDefinition['handle'],
): HandlerDefinition {
  const options = typeof second === 'function' ? {} : second
  const handle = (typeof second === 'function' ? second : third) as HandlerDefinition['handle']
  const list: readonly TopicPattern[] = Object.freeze(
    typeof topics === 'string' || topics instanceof RegExp ? [topics] : [...topics],
  )
  if (typeof handle !== 'function') throw handlerMissing(list)
  const definition: HandlerDefinition = Object.freeze({
    topics: list,
    name: handle.name || list.join(', '),
    batch: options.batch === true,
    options,
    handle,
  })
  definitions.add(definition)
  return definition
}

function handlerMissing(topics: readonly TopicPattern[]): HoldfastError {
  return new HoldfastError(
    'HF_OPTION_INVALID',
    `on(${topics.join(', ')}) has no function to call.\n  Fix: give the handler as the last argument.`,
    { details: { option: 'handlers' } },
  )
}

export function isHandlerDefinition(value: unknown): value is HandlerDefinition {
  return typeof value === 'object' && value !== null && definitions.has(value)
}
