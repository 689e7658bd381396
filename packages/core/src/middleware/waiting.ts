import type { Clock } from '../ports/clock.ts'

/** As `promise`, but rejects with the reason of the signal once that aborts. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** @throws the reason of the signal, once that aborts */
export async function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.setTimer(resolve, ms)
  try {
    await unlessAborted(promise, signal)
  } finally {
    timer.clear()
  }
}

/** Lets one after another in, in the order in which they came. */
export class Line {
  #last: Promise<void> = Promise.resolve()

  /**
   * Waits for those before, unless the signal aborts; answers what lets the next one in.
   * @throws the reason of the signal
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    try {
      await unlessAborted(before, signal)
      return resolve
    } catch (error) {
      void before.then(resolve)
      throw error
    }
  }
}
