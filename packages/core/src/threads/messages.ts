import type { HeaderEntry } from '../model/record.ts'
import type { DecodedRecord } from '../pipeline/decode.ts'
import type { Output } from '../pipeline/output.ts'

/** A record on its way into a thread: what has a class of ours goes as plain values. */
export interface RecordMessage extends Omit<DecodedRecord, 'headers'> {
  readonly headers: unknown
  /** In place of `headers` that no schema has decoded. */
  readonly rawHeaders?: readonly HeaderEntry[]
}

/** One attempt for a handler in a thread. */
export interface CallMessage {
  readonly batch: boolean
  readonly records: readonly RecordMessage[]
  readonly attempt: number
  readonly deadlineMs: number
  readonly groupId: string
  readonly memberId: string
  readonly epoch: number
  /** Whether there are transactions for what the handler produces. */
  readonly mayProduce: boolean
  /** What every log line of the attempt names. */
  readonly bindings: Readonly<Record<string, unknown>>
}

/** What a thread is asked for: to load a module, and to run its handler where there is a call, packed. */
export interface TaskMessage {
  readonly module: string
  readonly call?: Uint8Array
}

/** What a handler produced, and of which record of its batch. */
export interface ProducedMessage {
  readonly output: Output
  readonly offset: number | undefined
}

/**
 * Of an attempt that does not throw, `outputs` are what it produced, packed.
 * - `done`: the handler returned, or the module has a handler.
 * - `failures`: of a batch, these records failed; packed pairs of index and error.
 * - `thrown`: what the handler threw, packed.
 * - `refused`: the module cannot be loaded, or has no handler; packed.
 */
export type AnswerMessage =
  | { readonly type: 'done'; readonly outputs?: Uint8Array | undefined }
  | { readonly type: 'failures'; readonly packed: Uint8Array; readonly outputs?: Uint8Array | undefined }
  | { readonly type: 'thrown'; readonly packed: Uint8Array }
  | { readonly type: 'refused'; readonly packed: Uint8Array }

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const

/** A log line on its way to the consumer's logger. */
export interface LogMessage {
  readonly holdfast: 'log'
  readonly level: (typeof LOG_LEVELS)[number]
  /** Bindings and fields, packed. */
  readonly packed: Uint8Array
  readonly message: string
}
