import { setTimeout as delay } from 'node:timers/promises'
import { CheckedPass } from '../check/checked-pass.ts'
import { readKeyNumber } from '../check/key-number.ts'
import { serveArm } from '../harness/serve-arm.ts'
import { isCold, isFirst } from '../paced/load.ts'
import { percentile } from '../stats/spread.ts'
import { WAYS, type WayName, type WaySettings } from '../work/ways.ts'
import { WAIT_MS } from './scene.ts'

/** Waits of records that were produced earlier are those of a consumer that still warms up. */
const WARM_UP_MS = 2_000

/** An arm that reads while records are produced, and tells how long those of cold keys waited for their handlers. */
await serveArm<WaySettings & { readonly arm: WayName }>(async (settings, ready) => {
  const { promised, start } = WAYS[settings.arm]
  const pass = new CheckedPass(promised, settings)
  const waitsMs: number[] = []
  let partitionsRead = 0
  let measureFrom = Number.POSITIVE_INFINITY
  const stop = await start(settings, async ({ partition, offset, key, timestamp }) => {
    pass.started(partition, offset, key)
    const number = readKeyNumber(key)
    if (isCold(number) && timestamp >= measureFrom) waitsMs.push(Date.now() - timestamp)
    await delay(WAIT_MS)
    pass.ended(partition, key)
    if (!isFirst(number)) return
    partitionsRead += 1
    if (partitionsRead < settings.partitions) return
    measureFrom = Date.now() + WARM_UP_MS
    ready()
  })
  const { cpuMicrosPerRecord, rssMiB } = await pass.finish(stop)
  return {
    waits: waitsMs.length,
    p50Ms: percentile(waitsMs, 0.5),
    p99Ms: percentile(waitsMs, 0.99),
    cpuMicrosPerRecord,
    rssMiB,
  }
})
