import type { ConfigEntry } from './config/entries.ts'
import type { EventListener, EventName } from './ports/events.ts'
import type { StopReport } from './runtime/session.ts'
import type { ConsumerStatus } from './runtime/status.ts'

/** Options of `run`. */
export interface RunOptions {
  /** Stops the consumer when it aborts, as `stop()` does. */
  readonly signal?: AbortSignal
}

/** Options of `stop`. */
export interface StopOptions {
  /**
   * How long to wait for handlers that run. Less than 0 is at once, more than 2147483647 (24 days) as long as that.
   * @default shutdownTimeoutMs
   */
  readonly timeoutMs?: number
}

/** A consumer of a group: it runs once, from `run` to `stop`. */
export interface Consumer extends AsyncDisposable {
  /** The options in force, each with its origin. */
  readonly config: readonly ConfigEntry[]
  /**
   * Joins the group and handles records until `stop`, the signal, or a failure. Resolves after the last commit, when the
   * member has left; rejects with a `HoldfastError`.
   * @throws HF_STATE_INVALID when it has run, or was stopped, before
   */
  run(options?: RunOptions): Promise<void>
  /**
   * Stops fetching, lets running handlers finish within the time-out, aborts the signals of those that do not, commits,
   * leaves the group. A second call with a shorter time-out shortens the wait. Rejects where the run failed.
   * @throws HF_OPTION_INVALID for a time-out that is no number; the consumer goes on
   */
  stop(options?: StopOptions): Promise<StopReport>
  /** `run`, ended by SIGTERM or SIGINT; a second signal does not wait for handlers. Sets `process.exitCode`. */
  runUntilSignal(): Promise<void>
  /** Admits no more records of the topic, or of one partition; what is admitted finishes. Holds over rebalances. */
  pause(topic: string, partition?: number): void
  /** Ends a `pause` by the user; other causes of a pause are not touched. */
  resume(topic: string, partition?: number): void
  /**
   * Changes how many handlers may run at once. Handlers that run are not interrupted. A number ends `concurrency: 'auto'`
   * and stays; `'auto'` lets the number move by itself, from where it is, between `minConcurrency` and `maxConcurrency`.
   * @throws HF_OPTION_INVALID
   */
  setConcurrency(concurrency: number | 'auto'): void
  /** How it is now. */
  status(): ConsumerStatus
  /** Listens to an event; answers a function that ends the listening. */
  on<Name extends EventName>(name: Name, listener: EventListener<Name>): () => void
  /** The options in force as text: name, value and origin, secrets left out. */
  printConfig(): string
}
