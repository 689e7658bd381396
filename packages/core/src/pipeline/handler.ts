import { basename, extname } from 'node:path'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { HoldfastError } from '../errors/holdfast-error.ts'
import type { ConsumerRecord, RecordHeaders, RecordOrigin } from '../model/record.ts'
import type { CircuitBreaker } from '../policy/circuit-breaker.ts'
import type { FailurePolicy } from '../policy/failure-policy.ts'
import type { Logger } from '../ports/logger.ts'
import type { Decoder } from './decoders.ts'
import { type AnyMiddleware, checkUse } from './middleware.ts'
import type { Output } from './output.ts'
import type { ThreadOptions } from './thread-handler.ts'

/** What a handler knows of its attempt. */
export interface HandlerContext {
  /**
   * Aborts when the result of this attempt can no longer count; its reason is a `HoldfastError` with code `HF_ABORTED`
   * and `details.reason` of `revoked`, `lost`, `deadline` or `shutdown`.
   */
  readonly signal: AbortSignal
  /** A child of the consumer's logger with topic, partition, offset and a hash of the key. */
  readonly logger: Logger
  /** 1 for the first call, one more for each retry, in whichever topic that was. */
  readonly attempt: number
  /** When this attempt reaches `handlerTimeoutMs`. */
  readonly deadline: Date
  readonly groupId: string
  readonly memberId: string
  /** The assignment under which the record arrived; grows with every assignment of the partition. */
  readonly epoch: number
  /** Where a record that is handled here was first: of a retry topic the place that it came from, else its own. */
  originOf(record: { readonly offset: number }): RecordOrigin
  /**
   * Produces records in the transaction that commits the record's offset: both become visible, or neither. They are held in
   * memory until then; those of an attempt that fails are dropped. Takes one record or several, with `transactions` only.
   * @throws HF_OUTPUT_REFUSED without `transactions`, or after the attempt has ended; HF_OUTPUT_INVALID
   */
  produce(outputs: Output | readonly Output[]): void
}

/** What a batch handler knows of its attempt. */
export interface BatchHandlerContext extends HandlerContext {
  /**
   * Says that one record of the batch is done, before the handler returns: it is committed as soon as those before it
   * are, and is not tried again when the handler throws. After the attempt has ended it does nothing.
   * @throws HF_BATCH_RESULT_INVALID for an offset that is not in the batch
   */
  settle(record: { readonly offset: number }): void
  /**
   * As for a single record. `from` names the record of the batch that the outputs follow from; without it they stand for the
   * whole batch, which then has to succeed or fail as one.
   * @throws HF_OUTPUT_REFUSED also where some records of the batch are settled by themselves, and `from` is missing
   */
  produce(outputs: Output | readonly Output[], from?: { readonly offset: number }): void
}

/** Handles a record: it is settled when the answer resolves, whatever that is, and fails with what is thrown. */
export type RecordHandler<Value, Key, Headers> = (
  record: ConsumerRecord<Value, Key, Headers>,
  context: HandlerContext,
) => unknown

/**
 * Handles a batch. When it throws, all of its records are tried again but those it has settled. An array with an entry
 * for each record tells them apart: an `Error`, or a rejected entry of `Promise.allSettled`, fails its record, anything
 * else settles it. Entries that are promises are awaited, each for its record. Any other answer settles them all.
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
  /** What follows when a record fails in this handler. @default the consumer's `onFailure` */
  readonly onFailure?: FailurePolicy
  /** What this handler depends on; handlers can share it. @default the consumer's `circuit` */
  readonly circuit?: CircuitBreaker
  /** Functions around every attempt of this handler, the outermost first, inside the consumer's. @default none */
  readonly use?: readonly AnyMiddleware[]
  /** `true`: the handler takes up to `maxBatchRecords` records of one partition at a time. @default false */
  readonly batch?: boolean
}

/** The name of a topic, or what names of topics match. */
export type TopicPattern = string | RegExp

/** A handler with its topics, made by `on`. */
export interface HandlerDefinition {
  readonly topics: readonly TopicPattern[]
  /** For logs and status: the name of the function or of the module's file, or the topics. */
  readonly name: string
  readonly batch: boolean
  readonly options: HandlerOptions<unknown, unknown, unknown>
  /** Where it runs here: the handler. */
  readonly handle?: (input: never, context: BatchHandlerContext) => unknown
  /** Where it runs in a thread: the module whose default export is the handler. */
  readonly module?: URL
}

type Handle = NonNullable<HandlerDefinition['handle']>

type RecordOptions<V, K, H> = HandlerOptions<V, K, H> & { readonly batch?: false }
type BatchOptions<V, K, H> = HandlerOptions<V, K, H> & { readonly batch: true }
type Topics = TopicPattern | readonly TopicPattern[]
type Bytes = Buffer | null
type AnyOptions = HandlerOptions<unknown, unknown, unknown> & { readonly isolate?: unknown }

const definitions = new WeakSet<object>()

/**
 * Binds a handler to a topic, several topics, or every topic whose name matches a RegExp. The payload's type follows
 * from the decoder: with `value: json(schema)` the handler's `record.value` is the schema's output. With
 * `isolate: 'thread'` the handler is given as a module, `new URL('./render.ts', import.meta.url)`, whose default export,
 * a `ThreadHandler`, runs in a worker thread.
 * @throws HF_OPTION_INVALID where there is neither a function nor, for a thread, the URL of a file
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
export function on<V = Bytes, K = Bytes, H = RecordHeaders>(
  topics: Topics,
  options: ThreadOptions<V, K, H>,
  module: URL,
): HandlerDefinition
export function on(topics: Topics, second: AnyOptions | Handle, third?: Handle | URL): HandlerDefinition {
  const options = typeof second === 'function' ? {} : second
  const list: readonly TopicPattern[] = Object.freeze(
    typeof topics === 'string' || topics instanceof RegExp ? [topics] : [...topics],
  )
  checkUse(`on(${list.join(', ')})`, options.use)
  const target = handlerTarget(list, options, typeof second === 'function' ? second : third)
  const ownName = 'module' in target ? moduleName(target.module) : target.handle.name
  const definition: HandlerDefinition = Object.freeze({
    topics: list,
    name: ownName || list.join(', '),
    batch: options.batch === true,
    options,
    ...target,
  })
  definitions.add(definition)
  return definition
}

function handlerTarget(
  topics: readonly TopicPattern[],
  { isolate }: AnyOptions,
  target: unknown,
): { readonly handle: Handle } | { readonly module: URL } {
  const isFile = target instanceof URL && target.protocol === 'file:'
  if (isolate === 'thread' && isFile) return { module: target }
  if (isolate === undefined && typeof target === 'function') return { handle: target as Handle }
  const refused = (reason: string, fix: string): HoldfastError =>
    new HoldfastError('HF_OPTION_INVALID', `on(${topics.join(', ')}) ${reason}.\n  Fix: ${fix}.`, {
      details: { option: 'handlers' },
    })
  const url = "new URL('./handler.js', import.meta.url)"
  if (isolate === 'thread') {
    const given = typeof target === 'function' ? 'a function, which cannot be sent to a thread' : 'no file to load'
    throw refused(
      `has isolate = "thread" and ${given}`,
      `export the handler as the default of a module and give ${url}`,
    )
  }
  if (isolate !== undefined) {
    throw refused(`has isolate = ${String(isolate)}`, "write isolate: 'thread', or remove isolate")
  }
  if (isFile) throw refused('was given a module, which runs in a thread only', "add isolate: 'thread' to its options")
  throw refused('has no function to call', 'give the handler as the last argument')
}

/** The name of the file without its extension. */
function moduleName(module: URL): string {
  const file = basename(decodeURIComponent(module.pathname))
  return file.slice(0, file.length - extname(file).length)
}

export function isHandlerDefinition(value: unknown): value is HandlerDefinition {
  return typeof value === 'object' && value !== null && definitions.has(value)
}
