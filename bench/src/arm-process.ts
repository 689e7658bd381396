import type { ArmSettings, Sample } from './arm.ts'
import { NOOP_ARMS } from './noop-arms.ts'

/** Runs one arm alone in its process, from the first record to the last, and tells what it took. */
async function measure(settings: ArmSettings): Promise<Sample> {
  const arm = NOOP_ARMS[settings.arm]
  if (arm === undefined) throw new Error(`there is no arm "${settings.arm}"`)
  const done = Promise.withResolvers<Sample>()
  let count = 0
  let startedMs = 0
  let startedCpu = process.cpuUsage()
  let maxRss = 0
  const watch = setInterval(() => {
    maxRss = Math.max(maxRss, process.memoryUsage.rss())
  }, 50)
  const stop = await arm(settings, (seen) => {
    if (count === 0) {
      startedMs = performance.now()
      startedCpu = process.cpuUsage()
    }
    count += seen
    if (count < settings.records) return
    const seconds = (performance.now() - startedMs) / 1_000
    const { user, system } = process.cpuUsage(startedCpu)
    done.resolve({
      recordsPerSecond: settings.records / seconds,
      cpuMicrosPerRecord: (user + system) / settings.records,
      rssMiB: Math.max(maxRss, process.memoryUsage.rss()) / 2 ** 20,
    })
  })
  const sample = await done.promise
  clearInterval(watch)
  await stop()
  return sample
}

const sample = await measure(JSON.parse(process.argv[2] as string) as ArmSettings)
process.send?.(sample)
process.disconnect?.()
