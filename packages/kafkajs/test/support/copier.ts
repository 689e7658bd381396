import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CopierSettings } from './copier-process.ts'

const ENTRY = fileURLToPath(new URL('./copier-process.ts', import.meta.url))

/** A copier in a process of its own, to be killed or frozen. */
export class Copier {
  readonly lost: string[] = []
  /** Resolves when it has partitions. */
  readonly joined: Promise<void>
  readonly #process: ChildProcess
  readonly #exited: Promise<unknown>

  constructor(settings: CopierSettings) {
    this.#process = fork(ENTRY, [JSON.stringify(settings)], {
      execArgv: ['--conditions=source'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#exited = once(this.#process, 'exit')
    const { promise, resolve } = Promise.withResolvers<void>()
    this.joined = promise
    this.#process.on('message', ({ partitions = 0, lost }: { partitions?: number; lost?: string }) => {
      if (lost !== undefined) this.lost.push(lost)
      if (partitions > 0) resolve()
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exited
  }
}
