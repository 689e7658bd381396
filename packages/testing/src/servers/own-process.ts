import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { brokerProcess } from '../kafka/jvm/broker-process.ts'
import type { GuardedFolder } from '../kafka/jvm/guarded-folder.ts'
import type { ServerProcess } from './test-server.ts'

const READY_MS = 20_000
const LOOK_MS = 20

export interface ServerCommand {
  readonly folder: GuardedFolder
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Whether it answers. */
  isUp(): Promise<boolean>
}

/** A server as a child process that does not outlive this one. */
export function ownProcess({ folder, command, args, env, isUp }: ServerCommand): ServerProcess {
  const host = brokerProcess({
    id: 1,
    command,
    args,
    env,
    logFile: join(folder.path, 'server.log'),
    pidFile: join(folder.path, 'server.pid'),
  })
  return {
    async start() {
      await host.start()
      const endMs = performance.now() + READY_MS
      while (!(await isUp())) {
        const failure = await host.failure()
        if (failure !== undefined) throw new Error(failure)
        if (performance.now() > endMs) throw new Error(`${command} does not answer after ${READY_MS} ms`)
        await delay(LOOK_MS)
      }
    },
    kill: () => host.kill(),
    pause: () => host.pause(),
    resume: () => host.resume(),
  }
}
