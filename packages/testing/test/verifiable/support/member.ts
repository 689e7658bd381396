import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Line } from '../../../src/verifiable/lines.ts'
import { Checker } from './checker.ts'

const PROGRAM = fileURLToPath(new URL('../../../bin/verifiable-consumer', import.meta.url))
/** Of stderr, what a failure shows. */
const SHOWN_CHARACTERS = 4_000

/** One run of the program, from source, with its lines checked as they come. */
export class Member {
  readonly checker: Checker = new Checker()
  readonly lines: (Line & { readonly timestamp: number })[] = []
  readonly exited: Promise<number | NodeJS.Signals>
  stderr = ''
  /** The first thing that was wrong. */
  breach: unknown
  readonly #process: ChildProcess

  constructor(args: readonly string[], told: () => void) {
    this.#process = spawn(process.execPath, ['--conditions=source', PROGRAM, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { stdout, stderr } = this.#process
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    if (stdout === null) throw new Error('the program has no stdout')
    createInterface({ input: stdout }).on('line', (text) => {
      this.#take(text)
      told()
    })
    // Not `exit`: lines may still be on their way then.
    this.exited = once(this.#process, 'close').then(([code, signal]) => {
      told()
      return (code ?? signal) as number | NodeJS.Signals
    })
  }

  kill(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    this.#process.kill(signal)
    return this.exited
  }

  toString(): string {
    const { state, assigned, total } = this.checker
    return `${state}, has ${[...assigned].join(' ') || 'nothing'}, consumed ${total}; ${this.stderr.slice(-SHOWN_CHARACTERS)}`
  }

  #take(text: string): void {
    try {
      const line = JSON.parse(text) as Line & { readonly timestamp: number }
      this.lines.push(line)
      this.checker.take(line)
    } catch (error) {
      this.breach ??= new Error(`${(error as Error).message}, in ${text}`, { cause: error })
    }
  }
}
