import { setTimeout as delay } from 'node:timers/promises'
import { CheckedPass } from '../check/checked-pass.ts'
import { serveArm } from '../harness/serve-arm.ts'
import { type Point, slopeOf } from '../stats/slope.ts'
import { BACKLOG_ARMS, type BacklogArm, type BacklogSettings } from './arms.ts'

const MIB = 2 ** 20
const SAMPLE_MS = 1_000
const WARM_MS = 60_000
const BASE_MS = 3_000

await serveArm<BacklogSettings>(async (settings) => {
  const { promised, start } = BACKLOG_ARMS[settings.arm] as BacklogArm
  const pass = new CheckedPass(promised, settings)
  const { begin, stop } = await start(settings, pass)
  await delay(BASE_MS)
  const baseMiB = process.memoryUsage.rss() / MIB
  const startedMs = performance.now()
  const points: Point[] = []
  const watch = setInterval(() => {
    points.push({ x: (performance.now() - startedMs) / 60_000, y: process.memoryUsage.rss() / MIB })
  }, SAMPLE_MS)
  begin()
  const { seconds, rssMiB } = await pass.finish(async () => {
    clearInterval(watch)
    await stop()
  })
  const limitMiB = baseMiB + (1.5 * settings.maxBufferedBytes) / MIB
  return {
    seconds,
    baseMiB,
    rssMiB,
    limitMiB,
    shareOfLimit: rssMiB / limitMiB,
    slopeMiBPerMinute: slopeOf(points.filter(({ x }) => x * 60_000 >= WARM_MS)),
  }
})
