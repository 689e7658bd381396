import type { ConsumerRecord, RecordHeaders } from '../model/record.ts'
import type { BatchHandlerContext, HandlerContext, HandlerOptions } from './handler.ts'

/**
 * What a handler in a thread knows of its attempt. It has no signal: where an attempt is aborted, its thread ends at once,
 * whatever runs in it. Nor does it know of retry topics.
 */
export interface ThreadContext extends Omit<HandlerContext, 'signal' | 'originOf'> {}

/** As `ThreadContext`, for batches. */
export interface ThreadBatchContext extends Omit<BatchHandlerContext, 'signal' | 'originOf' | 'settle'> {}

/** The default export of a module that handles records in a thread: `isolate: 'thread'`. */
export type ThreadHandler<Value = Buffer | null, Key = Buffer | null, Headers = RecordHeaders> = (
  record: ConsumerRecord<Value, Key, Headers>,
  context: ThreadContext,
) => unknown

/** As `ThreadHandler`, for batches. Its answer tells records apart as that of any batch handler does. */
export type ThreadBatchHandler<Value = Buffer | null, Key = Buffer | null, Headers = RecordHeaders> = (
  records: readonly ConsumerRecord<Value, Key, Headers>[],
  context: ThreadBatchContext,
) => unknown

/** The options of a handler that is a module and runs in a thread. */
export interface ThreadOptions<Value, Key, Headers> extends HandlerOptions<Value, Key, Headers> {
  /** `'thread'`: the handler is the default export of the module, and runs in a pool of worker threads. */
  readonly isolate: 'thread'
}

/** How many threads a consumer has for its handlers, and what they may take. */
export interface ThreadLimits {
  /** The most threads at once; each runs one attempt at a time. @default os.availableParallelism() */
  readonly maxThreads?: number
  /** A thread that has had nothing to do for so long ends. @default 30000 */
  readonly idleTimeoutMs?: number
  /**
   * `resourceLimits` of `worker_threads`: a thread that needs more dies, and its attempt fails. `maxOldGenerationSizeMb` is
   * at least 16, the others 1: with less the process may die instead. @default none
   */
  readonly resourceLimits?: {
    readonly maxOldGenerationSizeMb?: number
    readonly maxYoungGenerationSizeMb?: number
    readonly codeRangeSizeMb?: number
    readonly stackSizeMb?: number
  }
}
