import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import type { Piscina } from 'piscina'
import type { ThreadLimits } from '../pipeline/thread-handler.ts'
import type { AnswerMessage, TaskMessage } from './messages.ts'
import { moduleFile } from './module-file.ts'

export interface PoolListeners {
  /** A thread has sent something that is no answer. */
  message(message: unknown): void
  /** A thread that ran nothing has ended by an error. */
  error(error: unknown): void
  /** A thread has ended before it was ready, and piscina begins none for the tasks that waited for it; `revive` does. */
  stranded(): void
}

const THREAD_MAIN = moduleFile(new URL('./thread-main.ts', import.meta.url))

/** How long `close` waits for threads in code that cannot be interrupted, such as a native call. */
const MAX_CLOSE_MS = 5_000

/** piscina, as we use it: it knows of each thread until that has really ended. */
export class Pool {
  readonly #piscina: Piscina
  readonly #on: PoolListeners
  /** Threads that have not ended, those among them that were told to. */
  readonly #alive = new Map<Worker, Promise<void>>()
  /** Of those, whose end belongs to the signal that told them to. */
  readonly #told = new WeakSet<Worker>()
  readonly #ending = new WeakMap<AbortSignal, Promise<unknown>>()

  /** piscina would begin threads again. */
  #isClosed = false

  private constructor(piscina: Piscina, on: PoolListeners) {
    this.#piscina = piscina
    this.#on = on
  }

  /** piscina is loaded by those who use it. */
  static async open({ maxThreads, idleTimeoutMs, resourceLimits }: ThreadLimits, on: PoolListeners): Promise<Pool> {
    const { Piscina } = await import('piscina')
    const piscina = new Piscina({
      filename: fileURLToPath(THREAD_MAIN),
      minThreads: 0,
      ...(maxThreads === undefined ? {} : { maxThreads }),
      ...(idleTimeoutMs === undefined ? {} : { idleTimeout: idleTimeoutMs }),
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
      // With atomics an idle thread does not turn its event loop, and sockets that a module keeps would starve.
      atomics: 'disabled',
      recordTiming: false,
    })
    piscina.on('message', on.message)
    piscina.on('error', on.error)
    return new Pool(piscina, on)
  }

  /** Rejects when the signal aborts, which ends the thread, and when the thread ends by itself. */
  run(task: TaskMessage, signal: AbortSignal): Promise<AnswerMessage> {
    if (this.#isClosed) return Promise.reject(new Error('the threads are closed'))
    const transferList = task.call === undefined ? [] : [task.call.buffer as ArrayBuffer]
    const answer = this.#piscina.run(task, { transferList, signal }) as Promise<AnswerMessage>
    this.#watchThreads()
    // piscina has listened before, and taken the thread out.
    signal.addEventListener('abort', () => this.#noteEnding(signal), { once: true })
    return answer
  }

  /** Another thread, for the tasks that have none to wait for. */
  revive(): void {
    if (this.#isClosed) return
    this.#piscina.run({ module: THREAD_MAIN.href } satisfies TaskMessage).catch(() => undefined)
    this.#watchThreads()
  }

  #watchThreads(): void {
    for (const thread of this.#piscina.threads) {
      if (this.#alive.has(thread)) continue
      const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()))
      this.#alive.set(thread, ended)
      void ended.then(() => {
        this.#alive.delete(thread)
        if (!this.#isClosed && this.#piscina.queueSize > 0) this.#on.stranded()
      })
    }
  }

  #noteEnding(signal: AbortSignal): void {
    const current = new Set(this.#piscina.threads)
    const ending = [...this.#alive].filter(([thread]) => !current.has(thread) && !this.#told.has(thread))
    for (const [thread] of ending) this.#told.add(thread)
    this.#ending.set(signal, Promise.all([this.#ending.get(signal), ...ending.map(([, ended]) => ended)]))
  }

  /** Settles when the thread that this signal told to end has ended. Others may be in code that cannot be interrupted. */
  async ended(signal: AbortSignal): Promise<void> {
    await this.#ending.get(signal)
  }

  /** Ends every thread. Answers how many had not ended in time. */
  async close(): Promise<number> {
    this.#isClosed = true
    const limit = Promise.withResolvers<void>()
    const timer = setTimeout(limit.resolve, MAX_CLOSE_MS)
    await Promise.race([this.#piscina.destroy().then(() => Promise.all(this.#alive.values())), limit.promise])
    clearTimeout(timer)
    return this.#alive.size
  }
}
