import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { MemberMessage, MemberSettings } from '../member/settings.ts'

const PROGRAM = fileURLToPath(new URL('../member.ts', import.meta.url))
const EXEC_ARGV: readonly string[] = ['--conditions=source', '--disable-warning=TimeoutNegativeWarning']

export interface MemberListener {
  assigned(partitions: readonly number[]): void
  sent(id: number): void
}

/** A member from its start to its end. */
export class MemberProcess implements AsyncDisposable {
  /** Rejects when the member fails, or ends by itself. */
  readonly failed: Promise<never>
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>

  constructor(settings: MemberSettings, logPath: string, listener: MemberListener) {
    const log = openSync(logPath, 'a')
    this.#child = fork(PROGRAM, [JSON.stringify(settings)], {
      execArgv: [...EXEC_ARGV],
      stdio: ['ignore', log, log, 'ipc'],
    })
    this.#exited = once(this.#child, 'exit')
    this.failed = new Promise((_, reject) => {
      const fail = (reason: string): void =>
        reject(new Error(`${settings.arm}: a member ${reason} (its log: ${logPath})`))
      this.#child.on('message', (message: MemberMessage) => {
        if (message.type === 'assigned') listener.assigned(message.partitions)
        if (message.type === 'sent') listener.sent(message.id)
        if (message.type === 'failed') fail(`failed: ${message.reason}`)
      })
      void this.#exited.then(() => fail('ended by itself'))
    })
    this.failed.catch(() => undefined)
  }

  /** At once: what it has in hand is cut off, and counts no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }
}
