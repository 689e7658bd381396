import { setTimeout as delay } from 'node:timers/promises'
import { on, retryTopics } from '@holdfast/core'
import { Meter } from '../harness/meter.ts'
import { serveArm } from '../harness/serve-arm.ts'
import type { ArmSettings } from '../kafka/arm-settings.ts'
import { createHoldfast } from '../kafka/holdfast-consumer.ts'
import { type Point, slopeOf } from '../stats/slope.ts'

export interface RetriesSettings extends ArmSettings {
  readonly retryTopics: readonly [first: string, second: string]
  readonly delayMs: number
  readonly maxBufferedBytes: number
}

const MIB = 2 ** 20
const SAMPLE_MS = 1_000
const WARM_MS = 60_000
const BASE_MS = 3_000
/** A record holds its slot while it is written to its retry topic: many of them make one request. */
const SLOTS = 500
/** Each record is moved twice. */
const MOVES = 2

await serveArm<RetriesSettings>(async (settings) => {
  const { topic, partitions, records, delayMs, maxBufferedBytes } = settings
  const meter = new Meter(records)
  // As large from the start as it gets: what grows is not the benchmark's own.
  const done = Array.from({ length: partitions }, () => new Uint8Array(records).fill(0))
  const consumer = createHoldfast(settings, {
    maxBufferedBytes,
    concurrency: SLOTS,
    order: 'none',
    onFailure: retryTopics(settings.retryTopics.map((each) => ({ topic: each, delayMs }))),
    handlers: [
      on(topic, (record, { originOf }) => {
        meter.started()
        if (record.topic !== settings.retryTopics[1]) throw new Error('not yet')
        const { partition, offset } = originOf(record)
        const known = done[partition] as Uint8Array
        if (known[offset] === 1) return
        known[offset] = 1
        meter.ended()
      }),
    ],
  })
  consumer.pause(topic)
  const joined = Promise.withResolvers<void>()
  consumer.on('group:joined', () => joined.resolve())
  const running = consumer.run()
  await Promise.race([joined.promise, running])
  await delay(BASE_MS)
  const baseMiB = process.memoryUsage.rss() / MIB
  const startedMs = performance.now()
  const points: Point[] = []
  const watch = setInterval(() => {
    points.push({ x: (performance.now() - startedMs) / 60_000, y: process.memoryUsage.rss() / MIB })
  }, SAMPLE_MS)
  consumer.resume(topic)
  const { seconds, rssMiB } = await Promise.race([meter.done, running.then(() => meter.done)])
  clearInterval(watch)
  const { moved, dead } = consumer.status()
  await consumer.stop()
  await running
  if (moved < records * MOVES || dead > 0) throw new Error(`${moved} moves and ${dead} dead of ${records} records`)
  const slopeMiBPerMinute = slopeOf(points.filter(({ x }) => x * 60_000 >= WARM_MS))
  return { seconds, movesPerSecond: moved / seconds, baseMiB, rssMiB, slopeMiBPerMinute }
})
