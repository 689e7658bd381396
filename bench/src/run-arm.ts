import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ArmSettings, Sample } from './arm.ts'

const ENTRY = fileURLToPath(new URL('./arm-process.ts', import.meta.url))

/** One run of one arm in a fresh process. */
export async function runArm(settings: ArmSettings): Promise<Sample> {
  const child = fork(ENTRY, [JSON.stringify(settings)], {
    execArgv: ['--conditions=source', '--disable-warning=TimeoutNegativeWarning'],
    env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  })
  const exited = once(child, 'exit')
  const [message] = (await Promise.race([
    once(child, 'message'),
    exited.then(([code]) => Promise.reject(new Error(`${settings.arm} ended with ${code}`))),
  ])) as [Sample]
  await exited
  return message
}
