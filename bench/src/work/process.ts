import { setTimeout as delay } from 'node:timers/promises'
import { CheckedPass } from '../check/checked-pass.ts'
import { readKeyNumber } from '../check/key-number.ts'
import { serveArm } from '../harness/serve-arm.ts'
import { shortestSeconds } from '../stats/bounds.ts'
import { WorkRecorder } from './recorder.ts'
import { type WorkSettings, waitOf } from './settings.ts'
import { WAYS } from './ways.ts'

/** One pass over a topic with a handler that waits. */
await serveArm<WorkSettings>(async (settings) => {
  const { arm, slots, records, keys, waits } = settings
  const { promised, start } = WAYS[arm]
  const pass = new CheckedPass(promised, settings)
  const recorder = new WorkRecorder(records, keys)
  const stop = await start(settings, async ({ partition, offset, key }) => {
    pass.started(partition, offset, key)
    const startedMs = performance.now()
    recorder.started(startedMs)
    await delay(waitOf(waits, offset))
    recorder.ended(startedMs, performance.now(), readKeyNumber(key))
    pass.ended(partition, key)
  })
  const { seconds, cpuMicrosPerRecord, rssMiB } = await pass.finish(stop)
  const { meanSeconds, totalSeconds, heaviestKeySeconds } = recorder
  return {
    ...recorder.steady(slots),
    recordsPerSecond: records / seconds,
    boundShare: shortestSeconds({ slots, totalSeconds, heaviestKeySeconds }) / seconds,
    seconds,
    meanMs: meanSeconds * 1_000,
    cpuMicrosPerRecord,
    rssMiB,
  }
})
