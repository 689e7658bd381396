import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Journal } from '../history/journal.ts'
import type { Answer, Command, WorkerSettings } from '../worker/settings.ts'

const PROGRAM = fileURLToPath(new URL('../worker.ts', import.meta.url))
const EXEC_ARGV: readonly string[] = ['--conditions=source', '--expose-gc', '--disable-warning=TimeoutNegativeWarning']

/** A worker from its start to its end. */
export class WorkerProcess {
  readonly name: string
  readonly ready: Promise<unknown>
  readonly joined: Promise<unknown>
  readonly exited: Promise<unknown>
  readonly #child: ChildProcess
  readonly #answers = new Set<(answer: Answer) => void>()
  #isEnding = false

  constructor(settings: WorkerSettings, journal: Journal) {
    this.name = settings.name
    this.#child = fork(PROGRAM, [JSON.stringify(settings)], {
      execArgv: [...EXEC_ARGV],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
    })
    this.#child.on('message', (answer: Answer) => {
      for (const listener of this.#answers) listener(answer)
    })
    this.exited = once(this.#child, 'exit').then(([code, signal]) =>
      journal.note({ kind: 'exit', target: this.name, code, signal, isExpected: this.#isEnding }),
    )
    this.ready = this.#answer((answer) => answer === 'ready')
    this.joined = this.#answer((answer) => answer === 'joined')
  }

  /** Resolves when it is done, or cannot be any more. */
  async obey(command: Command): Promise<void> {
    await this.ready
    if (command === 'exit') this.#isEnding = true
    const done = this.#answer((answer) => typeof answer === 'object' && answer.done === command)
    if (this.#child.connected) this.#child.send(command)
    await done
  }

  /** Ends it by a signal. */
  end(signal: 'SIGKILL' | 'SIGTERM'): void {
    this.#isEnding = true
    this.#child.kill(signal)
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  /** Settles with the process too: what has ended answers nothing. */
  #answer(isWanted: (answer: Answer) => boolean): Promise<unknown> {
    const answered = new Promise<void>((resolve) => {
      const listener = (answer: Answer): void => {
        if (!isWanted(answer)) return
        this.#answers.delete(listener)
        resolve()
      }
      this.#answers.add(listener)
    })
    return Promise.race([answered, this.exited])
  }
}
