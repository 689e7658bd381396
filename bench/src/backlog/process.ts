import { setTimeout as delay } from 'node:timers/promises'
import { on } from '@holdfast/core'
import { CheckedPass } from '../check/checked-pass.ts'
import { serveArm } from '../harness/serve-arm.ts'
import type { ArmSettings } from '../kafka/arm-settings.ts'
import { createHoldfast } from '../kafka/holdfast-consumer.ts'
import { type Point, slopeOf } from '../stats/slope.ts'

const MIB = 2 ** 20
const SAMPLE_MS = 1_000
const WARM_MS = 60_000
const BASE_MS = 3_000
const SLOTS = 10

export interface BacklogSettings extends ArmSettings {
  readonly handlerMicros: number
  readonly maxBufferedBytes: number
}

/** Keeps the processor busy: fetching can outrun such a handler by far, and only the buffers hold it back. */
function spin(micros: number): void {
  const endMs = performance.now() + micros / 1_000
  while (performance.now() < endMs);
}

await serveArm<BacklogSettings>(async (settings) => {
  const { topic, handlerMicros, maxBufferedBytes } = settings
  const pass = new CheckedPass('key', settings)
  const consumer = createHoldfast(settings, {
    maxBufferedBytes,
    concurrency: SLOTS,
    handlers: [
      on(topic, async ({ partition, offset, key }) => {
        pass.started(partition, offset, key)
        spin(handlerMicros)
        pass.ended(partition, key)
      }),
    ],
  })
  consumer.pause(topic)
  const joined = Promise.withResolvers<void>()
  consumer.on('group:joined', () => joined.resolve())
  const running = consumer.run()
  await joined.promise
  await delay(BASE_MS)
  const baseMiB = process.memoryUsage.rss() / MIB
  const startedMs = performance.now()
  const points: Point[] = []
  const watch = setInterval(() => {
    points.push({ x: (performance.now() - startedMs) / 60_000, y: process.memoryUsage.rss() / MIB })
  }, SAMPLE_MS)
  consumer.resume(topic)
  const { seconds, rssMiB } = await pass.finish(async () => {
    clearInterval(watch)
    await consumer.stop()
    await running
  })
  const limitMiB = baseMiB + (1.5 * maxBufferedBytes) / MIB
  return {
    seconds,
    baseMiB,
    rssMiB,
    limitMiB,
    shareOfLimit: rssMiB / limitMiB,
    slopeMiBPerMinute: slopeOf(points.filter(({ x }) => x * 60_000 >= WARM_MS)),
  }
})
