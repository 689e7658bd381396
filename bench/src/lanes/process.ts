import { setTimeout as delay } from 'node:timers/promises'
import { CheckedPass } from '../check/checked-pass.ts'
import { writeKey } from '../check/key-number.ts'
import { serveArm } from '../harness/serve-arm.ts'
import { uniform } from '../stats/keys.ts'
import { createRandom } from '../stats/random.ts'
import { LANES_ARMS } from './arms.ts'

const MIB = 2 ** 20
/** Freed pages go back to the system a moment after a collection. */
const SETTLE_MS = 500

export interface LanesSettings {
  readonly arm: string
  readonly records: number
  readonly keys: number
}

/** Every key once where there are as many as records, else drawn with equal chances. */
function keysOf(records: number, keys: number): Uint32Array {
  const pick = uniform(keys, createRandom(1))
  return Uint32Array.from({ length: records }, (_, offset) => (keys === records ? offset : pick()))
}

await serveArm<LanesSettings>(async ({ arm, records, keys }) => {
  const numbers = keysOf(records, keys)
  const keyOf = (offset: number): Buffer => Buffer.from(writeKey(numbers[offset] as number))
  const pass = new CheckedPass('key', { partitions: 1, records, keys })
  const before = await collected()
  const run = LANES_ARMS[arm] as (typeof LANES_ARMS)[string]
  const stop = await run({
    records,
    keyOf,
    keyNumberOf: (offset) => numbers[offset] as number,
    async task(offset) {
      const key = keyOf(offset)
      pass.started(0, offset, key)
      await undefined
      pass.ended(0, key)
    },
  })
  let after = before
  const { seconds, cpuMicrosPerRecord, rssMiB } = await pass.finish(async () => {
    after = await collected()
    await stop()
  })
  return {
    tasksPerSecond: records / seconds,
    cpuMicrosPerRecord,
    rssMiB,
    keptHeapMiB: (after.heapUsed - before.heapUsed) / MIB,
    keptRssMiB: (after.rss - before.rss) / MIB,
  }
})

async function collected(): Promise<NodeJS.MemoryUsage> {
  // The thorough kind gives empty pages back, which an ordinary collection keeps for the next records.
  await globalThis.gc?.({ type: 'major', execution: 'async', flavor: 'last-resort' })
  await delay(SETTLE_MS)
  return process.memoryUsage()
}
