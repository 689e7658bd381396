import { setTimeout as sleep } from 'node:timers/promises'
import type { ConsumedRange } from '../../../src/verifiable/lines.ts'
import { Member } from './member.ts'

const DEADLINE_MS = 20_000

/** The members of one group, in processes of their own. */
export class Members implements AsyncDisposable {
  readonly #args: readonly string[]
  readonly #started: Member[] = []
  readonly #waiting = new Set<() => void>()

  constructor(brokers: readonly string[], topic: string, ...args: readonly string[]) {
    this.#args = ['--bootstrap-server', brokers.join(), '--topic', topic, '--group-id', topic, ...args]
  }

  start(...args: readonly string[]): Member {
    const member = new Member([...this.#args, ...args], () => {
      for (const look of this.#waiting) look()
    })
    this.#started.push(member)
    return member
  }

  get consumed(): ConsumedRange[] {
    return this.#started.flatMap(({ checker }) => checker.consumed)
  }

  get total(): number {
    return this.#started.reduce((sum, { checker }) => sum + checker.total, 0)
  }

  /** Looks after every line and every exit; fails with what a checker found, or at the deadline. */
  async until(what: string, holds: () => boolean, deadlineMs = DEADLINE_MS): Promise<void> {
    const met = Promise.withResolvers<void>()
    const look = (): void => {
      const broken = this.#started.find(({ breach }) => breach !== undefined)
      if (broken !== undefined) met.reject(broken.breach)
      else if (holds()) met.resolve()
    }
    const deadline = new AbortController()
    const late = sleep(deadlineMs, undefined, { signal: deadline.signal }).then(
      () => met.reject(new Error(`${what} did not come within ${deadlineMs} ms:\n${this.#started.join('\n')}`)),
      () => undefined,
    )
    this.#waiting.add(look)
    try {
      look()
      await met.promise
    } finally {
      this.#waiting.delete(look)
      deadline.abort()
      await late
    }
  }

  /** Fails with the first breach that a checker found. */
  check(): void {
    for (const { breach } of this.#started) if (breach !== undefined) throw breach
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map((member) => member.kill('SIGKILL')))
  }
}
