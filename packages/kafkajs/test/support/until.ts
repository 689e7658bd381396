import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 20

/** What a test waited for has not come. */
export class TooLate extends Error {}

/** Looks until the condition holds; fails with what it last saw when it does not within the deadline. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  deadlineMs = 30_000,
): Promise<T> {
  const endMs = performance.now() + deadlineMs
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (performance.now() > endMs)
      throw new TooLate(`${what} did not come within ${deadlineMs} ms; last seen: ${JSON.stringify(seen)}`)
    await sleep(LOOK_EVERY_MS)
  }
}
