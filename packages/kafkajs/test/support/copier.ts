import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CopierSettings } from './copier-process.ts'

const ENTRY = fileURLToPath(new URL('./copier-process.ts', import.meta.url))

interface CopierMessage {
  readonly partitions?: number
  readonly lost?: string
  readonly hasProduced?: true
}

/** A copier in a process of its own, to be killed or frozen. */
export class Copier {
  readonly lost: string[] = []
  /** Resolves when it has partitions. */
  readonly joined: Promise<void>
  /** What it has written to stderr, as a service leaves it behind. */
  stderr = ''
  #onProduced: () => void = () => undefined
  readonly #process: ChildProcess
  readonly #exited: Promise<unknown>

  constructor(settings: CopierSettings) {
    this.#process = fork(ENTRY, [JSON.stringify(settings)], {
      execArgv: ['--conditions=source'],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    this.#process.stderr?.on('data', (chunk) => {
      this.stderr += String(chunk)
      process.stderr.write(chunk)
    })
    this.#exited = once(this.#process, 'close')
    const { promise, resolve } = Promise.withResolvers<void>()
    this.joined = promise
    this.#process.on('message', ({ partitions = 0, lost, hasProduced }: CopierMessage) => {
      if (lost !== undefined) this.lost.push(lost)
      if (partitions > 0) resolve()
      if (hasProduced) this.#onProduced()
    })
  }

  /** A batch has just been produced, and its offsets are not committed before `handlerMs` have passed. */
  produced(): Promise<void> {
    return new Promise((resolve) => {
      this.#onProduced = resolve
    })
  }

  /** The code that it ends with. */
  async exit(): Promise<number | null> {
    await this.#exited
    return this.#process.exitCode
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exited
  }
}
