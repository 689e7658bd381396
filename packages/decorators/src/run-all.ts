import { type Consumer, runUntilSignal } from '@holdfast/core'

/**
 * Runs consumers as one: until the signal aborts or, without one, until SIGTERM or SIGINT. When one fails the others
 * stop; once all have ended, rejects with the first failure.
 */
export async function runAll(consumers: readonly Consumer[], signal?: AbortSignal): Promise<void> {
  if (signal === undefined) return runUntilSignal(consumers)
  const failures: unknown[] = []
  const runOne = async (consumer: Consumer): Promise<void> => {
    try {
      await consumer.run({ signal })
    } catch (error) {
      failures.push(error)
      for (const other of consumers) other.stop().catch(() => undefined)
    }
  }
  await Promise.all(consumers.map(runOne))
  if (failures.length > 0) throw failures[0]
}
