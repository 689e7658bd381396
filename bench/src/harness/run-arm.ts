import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Sample } from './sample.ts'
import type { Message } from './serve-arm.ts'

const EXEC_ARGV: readonly string[] = ['--conditions=source', '--disable-warning=TimeoutNegativeWarning']

export interface ArmProcess<Settings extends { readonly arm: string }> {
  /** The program that serves the arm. */
  readonly program: URL
  readonly settings: Settings
  readonly execArgv?: readonly string[]
  /** The arm is about to take its first record. */
  readonly onReady?: () => void
}

/** One run of one arm in a fresh process. Rejects where the arm fails, or breaks what it promises. */
export async function runArm<Settings extends { readonly arm: string }>({
  program,
  settings,
  execArgv = [],
  onReady,
}: ArmProcess<Settings>): Promise<Sample> {
  const child = fork(fileURLToPath(program), [JSON.stringify(settings)], {
    execArgv: [...EXEC_ARGV, ...execArgv],
    // Figures that a short run does not have are NaN, which JSON cannot say.
    serialization: 'advanced',
    env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  })
  const exited = once(child, 'exit')
  const told = new Promise<Sample>((resolve, reject) => {
    child.on('message', (message: Message) => {
      if (message.type === 'ready') onReady?.()
      if (message.type === 'sample') resolve(message.sample)
      if (message.type === 'failure') reject(new Error(`arm "${settings.arm}": ${message.reason}`))
    })
  })
  const silent = exited.then(([code]) => Promise.reject(new Error(`arm "${settings.arm}" ended with ${code}`)))
  try {
    return await Promise.race([told, silent])
  } finally {
    if (child.connected) child.disconnect()
    await exited
  }
}
