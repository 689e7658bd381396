import type { AttemptContext } from './attempt-context.ts'
import type { BatchHandlerContext } from './handler.ts'

type OfAttempt =
  | 'delivery'
  | 'handler'
  | 'event'
  | 'logFields'
  | 'isAborted'
  | 'isCalledOff'
  | 'mayProduce'
  | 'postpone'
  | 'start'

/** The context that a handler is called with, and what a thread needs beside it. */
export interface CallContext extends BatchHandlerContext, Pick<AttemptContext, OfAttempt> {
  /** Set by what measures the handler. */
  handledMs: number
  /** Set by the gate: its handler runs, and has a place there. */
  isInGate: boolean
}
