import { guardedLogger } from '../ports/guarded-logger.ts'
import type { Logger } from '../ports/logger.ts'

/** What ends a process that runs consumers, by exit code. A second signal ends with 128 + its number. */
export const EXIT_CODES: Readonly<Record<'stopped' | 'failed' | 'abandoned', number>> = Object.freeze({
  stopped: 0,
  failed: 1,
  abandoned: 2,
})

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGINT: 2, SIGTERM: 15 }
/** A handler that never comes back keeps the process alive; it ends so long after the consumers stopped. */
const EXIT_GRACE_MS = 2_000

/** The part of a consumer that this needs. */
export interface Runnable {
  run(): Promise<void>
  stop(options?: { timeoutMs?: number }): Promise<{ readonly abandoned: readonly unknown[] }>
  /** Tells of handlers that still run where a failure leaves no report. */
  status?(): { readonly slots: { readonly busy: number } }
}

/** Options of `runUntilSignal`. */
export interface RunUntilSignalOptions {
  /** Told of the signals. @default silence */
  readonly logger?: Logger
}

/**
 * Runs consumers until SIGTERM or SIGINT, then stops all of them; a second signal stops without waiting for handlers.
 * When one fails the others stop, and the first failure is thrown after all have ended. Sets `process.exitCode`:
 * 0 stopped, 1 failed, 2 stopped with handlers that did not end in time, 128 + n on a second signal.
 */
export async function runUntilSignal(
  consumers: readonly Runnable[],
  options: RunUntilSignalOptions = {},
): Promise<void> {
  const logger = options.logger && guardedLogger(options.logger)
  const stopAll = (options?: { timeoutMs: number }): void => {
    for (const consumer of consumers) consumer.stop(options).catch(() => undefined)
  }
  let signals = 0
  const onSignal = (name: NodeJS.Signals): void => {
    signals += 1
    if (signals === 1) {
      logger?.info({ signal: name }, 'signal received; stopping')
      stopAll()
      return
    }
    logger?.warn({ signal: name }, 'second signal; not waiting for handlers')
    process.exitCode = 128 + (SIGNAL_NUMBERS[name] ?? 0)
    stopAll({ timeoutMs: 0 })
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  try {
    const failures = await runAll(consumers, () => stopAll())
    if (failures.length > 0) {
      process.exitCode = EXIT_CODES.failed
      if (consumers.some((consumer) => (consumer.status?.().slots.busy ?? 0) > 0)) endLater()
      throw failures[0]
    }
    const reports = await Promise.all(consumers.map((consumer) => consumer.stop()))
    if (reports.some(({ abandoned }) => abandoned.length > 0)) endLater()
  } finally {
    process.off('SIGTERM', onSignal)
    process.off('SIGINT', onSignal)
  }
}

async function runAll(consumers: readonly Runnable[], onFailure: () => void): Promise<unknown[]> {
  const failures: unknown[] = []
  await Promise.all(
    consumers.map((consumer) =>
      consumer.run().catch((error: unknown) => {
        failures.push(error)
        onFailure()
      }),
    ),
  )
  return failures
}

function endLater(): void {
  process.exitCode ??= EXIT_CODES.abandoned
  setTimeout(() => process.exit(), EXIT_GRACE_MS).unref()
}
