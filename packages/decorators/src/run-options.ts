import type { SharedOptions } from './class-options.ts'
import type { Resolve } from './worker.ts'

/** What `run` takes beside the workers: options for all of them, where instances come from, and what ends the run. */
export interface RunOptions extends SharedOptions {
  /** Answers the instance of each class, as in `(cls) => container.get(cls)`. @default (cls) => new cls() */
  readonly resolve?: Resolve
  /**
   * Stops every consumer when it aborts. Where it is given the caller owns the end: process signals are not listened
   * to and `process.exitCode` is not set. @default SIGTERM and SIGINT
   */
  readonly signal?: AbortSignal
}
