import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CopierSettings } from './copier-process.ts'

const ENTRY = fileURLToPath(new URL('./copier-process.ts', import.meta.url))

/** A copier in a process of its own, to be killed or frozen. */
export class Copier {
  readonly lost: string[] = []
  readonly #process: ChildProcess
  readonly #exited: Promise<unknown>

  constructor(settings: CopierSettings) {
    this.#process = fork(ENTRY, [JSON.stringify(settings)], {
      execArgv: ['--conditions=source'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#exited = once(this.#process, 'exit')
    this.#process.on('message', (message: { lost?: string }) => {
      if (message.lost !== undefined) this.lost.push(message.lost)
    })
  }

  /** Resolves when it has partitions. */
  async joined(): Promise<void> {
    for (;;) {
      const [{ partitions = 0 }] = (await once(this.#process, 'message')) as [{ partitions?: number }]
      if (partitions > 0) return
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exited
  }
}
