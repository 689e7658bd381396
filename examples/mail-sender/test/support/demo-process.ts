import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const DEMO = fileURLToPath(new URL('../../dist/demo.js', import.meta.url))

/** The built demo as a process, whose output can be waited for. It is killed with the test. */
export class DemoProcess implements AsyncDisposable {
  readonly lines: string[] = []
  readonly #child: ReturnType<typeof spawn>
  readonly #exited: Promise<unknown[]>
  readonly #waiting = new Set<() => void>()

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, [DEMO, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#exited = once(this.#child, 'close')
    for (const input of [this.#child.stdout, this.#child.stderr]) {
      if (input) createInterface({ input }).on('line', (line) => this.#onLine(line))
    }
  }

  /** The first match of the pattern in a line, also one that has come already. */
  async untilLine(pattern: RegExp): Promise<RegExpExecArray> {
    const found = Promise.withResolvers<RegExpExecArray>()
    const look = (): void => {
      const match = this.lines.map((line) => pattern.exec(line)).find((result) => result !== null)
      if (match) found.resolve(match)
    }
    this.#waiting.add(look)
    look()
    const ended = this.#exited.then(() => {
      throw new Error(`the demo ended without ${pattern}:\n${this.lines.join('\n')}`)
    })
    return await Promise.race([found.promise, ended])
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async exitCode(): Promise<unknown> {
    const [code] = await this.#exited
    return code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #onLine(line: string): void {
    this.lines.push(line)
    for (const look of this.#waiting) look()
  }
}
