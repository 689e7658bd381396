import { setTimeout as sleep } from 'node:timers/promises'
import type { CommitSampler } from '../kafka/commit-sampler.ts'

const LOOK_MS = 50

/** Waits until the group has committed the logs to these ends; answers what is missing when it has not in time. */
export async function awaitCommits(
  sampler: CommitSampler,
  ends: ReadonlyMap<string, number>,
  limitMs: number,
): Promise<string | undefined> {
  const deadlineMs = performance.now() + limitMs
  for (;;) {
    const missing = [...ends].filter(([partition, end]) => sampler.committed(partition) < end)
    if (missing.length === 0) return undefined
    if (performance.now() > deadlineMs) {
      const shown = missing.map(([partition, end]) => `${partition} at ${sampler.committed(partition)} of ${end}`)
      return `not all was committed within ${limitMs} ms: ${shown.join(', ')}`
    }
    await sleep(LOOK_MS)
  }
}
