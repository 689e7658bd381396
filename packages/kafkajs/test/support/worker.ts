import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { WorkerSettings } from './worker-process.ts'

const ENTRY = fileURLToPath(new URL('./worker-process.ts', import.meta.url))

/** A consumer in a process of its own, to be killed. */
export class Worker {
  readonly process: ChildProcess
  readonly exited: Promise<number | null>

  constructor(settings: WorkerSettings) {
    this.process = fork(ENTRY, [JSON.stringify(settings)], {
      execArgv: ['--conditions=source'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.exited = once(this.process, 'exit').then(([code]) => code as number | null)
  }

  async joined(): Promise<void> {
    await once(this.process, 'message')
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    this.process.kill(signal)
    return await this.exited
  }
}

export interface Effect {
  readonly partition: number
  readonly offset: number
  readonly value: string
}

/** The effects so far; a last line that was cut off by a kill does not count. */
export function readEffects(path: string): Effect[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => {
    const [partition, offset, value] = line.split(' ')
    return { partition: Number(partition), offset: Number(offset), value: value as string }
  })
}
