import { setTimeout as delay } from 'node:timers/promises'
import { on } from '@holdfast/core'
import { CheckedPass } from '../check/checked-pass.ts'
import { readKeyNumber } from '../check/key-number.ts'
import { serveArm } from '../harness/serve-arm.ts'
import type { ArmSettings } from '../kafka/arm-settings.ts'
import { createHoldfast } from '../kafka/holdfast-consumer.ts'
import { isFirst } from '../paced/load.ts'
import { percentile } from '../stats/spread.ts'
import { MAX_POLL_INTERVAL_MS, poisonMs, SESSION_TIMEOUT_MS, SLOTS, SLOW_MS, WAIT_MS } from './scene.ts'
import { Watch } from './watch.ts'

interface PoisonSettings extends ArmSettings {
  readonly isPoisoned: boolean
}

const WARM_UP_MS = 2_000

/** Reads while records are produced; tells how long the records of unharmed keys waited, and what the watchdog did. */
await serveArm<PoisonSettings>(async (settings, ready) => {
  const { topic, isPoisoned, partitions } = settings
  const pass = new CheckedPass('key', settings)
  const waits: { readonly key: number; readonly ms: number }[] = []
  const harmedKeys = new Set<number>()
  let partitionsRead = 0
  let measureFrom = Number.POSITIVE_INFINITY
  const handler = on(topic, async ({ partition, offset, key, timestamp }) => {
    pass.started(partition, offset, key)
    const number = readKeyNumber(key)
    const waitMs = isPoisoned ? poisonMs(partition, offset, number) : WAIT_MS
    if (waitMs > WAIT_MS) harmedKeys.add(number)
    if (!isFirst(number) && timestamp >= measureFrom) waits.push({ key: number, ms: Date.now() - timestamp })
    await delay(waitMs)
    if (waitMs === SLOW_MS) watch.slowEnded(partition)
    pass.ended(partition, key)
    if (!isFirst(number) || offset > 0) return
    partitionsRead += 1
    if (partitionsRead < partitions) return
    measureFrom = Date.now() + WARM_UP_MS
    watch.watchLag()
    ready()
  })
  const consumer = createHoldfast(settings, {
    concurrency: SLOTS,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    maxPollIntervalMs: MAX_POLL_INTERVAL_MS,
    handlers: [handler],
  })
  const watch = new Watch(consumer)
  const running = consumer.run()
  let watched: Readonly<Record<string, number>> = {}
  const { cpuMicrosPerRecord } = await pass.finish(async () => {
    watched = watch.stop()
    await consumer.stop()
    await running
  })
  const others = waits.filter(({ key }) => !harmedKeys.has(key)).map(({ ms }) => ms)
  return {
    p99Ms: percentile(others, 0.99),
    p50Ms: percentile(others, 0.5),
    waits: others.length,
    ...watched,
    cpuMicrosPerRecord,
  }
})
