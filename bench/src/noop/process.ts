import { CheckedPass } from '../check/checked-pass.ts'
import { serveArm } from '../harness/serve-arm.ts'
import type { ArmSettings } from '../kafka/arm-settings.ts'
import { NOOP_ARMS, type NoopArm } from './arms.ts'

await serveArm<ArmSettings>(async (settings) => {
  const { promised, start } = NOOP_ARMS[settings.arm] as NoopArm
  const pass = new CheckedPass(promised, settings)
  const stop = await start(settings, pass)
  const { seconds, cpuMicrosPerRecord, rssMiB } = await pass.finish(stop)
  return { recordsPerSecond: settings.records / seconds, cpuMicrosPerRecord, rssMiB }
})
