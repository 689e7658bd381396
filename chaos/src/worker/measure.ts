import { setTimeout as sleep } from 'node:timers/promises'
import type { Journal } from '../history/journal.ts'

const COLLECTIONS = 3
const PAUSE_MS = 50
const TIMERS: readonly string[] = ['Timeout', 'Immediate']

/** What the process holds, after a thorough collection. */
export async function measureProcess(journal: Journal): Promise<void> {
  for (let round = 0; round < COLLECTIONS; round += 1) {
    globalThis.gc?.()
    await sleep(PAUSE_MS)
  }
  const resources = process.getActiveResourcesInfo()
  const timers = resources.filter((resource) => TIMERS.includes(resource)).length
  const { rss, heapUsed } = process.memoryUsage()
  journal.note({
    kind: 'measure',
    rssMiB: rss / 2 ** 20,
    heapMiB: heapUsed / 2 ** 20,
    handles: resources.length - timers,
    timers,
  })
}
