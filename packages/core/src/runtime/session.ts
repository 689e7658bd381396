import { HoldfastError } from '../errors/holdfast-error.ts'
import type { LifecycleState } from '../model/lifecycle.ts'
import type { AttemptEvent } from '../ports/events.ts'

/** What `stop` left behind. */
export interface StopReport {
  /** Handlers that did not end in time; their records are not committed and will be delivered again. */
  readonly abandoned: readonly AttemptEvent[]
}

export interface SessionPorts {
  readonly shutdownTimeoutMs: number
  state(): LifecycleState
  enter(state: LifecycleState, error?: unknown): void
  startDriver(signal: AbortSignal): Promise<void>
  /** Drains, commits and ends every timer. */
  wind(timeoutMs: number): Promise<readonly AttemptEvent[]>
  /** A wait that is under way gets no longer than this. */
  shorten(timeoutMs: number): void
  stopDriver(): Promise<void>
}

/**
 * One run of a consumer, from `run` to its end.
 *
 * - `run` a second time, or after `stop`: `HF_STATE_INVALID`.
 * - `stop` before `run`: the consumer is stopped for good. `stop` again: the same answer; a shorter `timeoutMs` cuts the
 *   wait short. `stop` while starting: the start is given up, and `run` resolves.
 * - A failure, also one while stopping: `run` and `stop` reject with it, after everything has been released.
 */
export class Session {
  readonly #ports: SessionPorts
  readonly #starting = new AbortController()
  readonly #stopRequest = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<StopReport>()
  #failure: { readonly error: unknown } | undefined
  #stopTimeoutMs: number | undefined

  constructor(ports: SessionPorts) {
    this.#ports = ports
    this.#ended.promise.catch(() => undefined)
  }

  get failure(): unknown {
    return this.#failure?.error
  }

  async run(signal?: AbortSignal): Promise<void> {
    const state = this.#ports.state()
    if (state !== 'idle') {
      throw new HoldfastError(
        'HF_STATE_INVALID',
        `run was called on a consumer that is ${state}; a consumer runs once.\n  Fix: create a new one with createConsumer.`,
        { details: { state } },
      )
    }
    this.#ports.enter('starting')
    const onAbort = (): void => void this.stop().catch(() => undefined)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    try {
      await this.#start()
      await this.#stopRequest.promise
      await this.#end()
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  stop(timeoutMs: number = this.#ports.shutdownTimeoutMs): Promise<StopReport> {
    const state = this.#ports.state()
    if (state === 'idle') {
      this.#ports.enter('stopped')
      this.#ended.resolve({ abandoned: [] })
    } else {
      this.#requestStop(timeoutMs)
    }
    return this.#ended.promise
  }

  /** Ends the run with an error. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#requestStop(this.#ports.shutdownTimeoutMs)
  }

  #requestStop(timeoutMs: number): void {
    this.#stopTimeoutMs = Math.min(this.#stopTimeoutMs ?? timeoutMs, timeoutMs)
    if (this.#ports.state() === 'stopping') this.#ports.shorten(timeoutMs)
    this.#starting.abort()
    this.#stopRequest.resolve()
  }

  async #start(): Promise<void> {
    try {
      await this.#ports.startDriver(this.#starting.signal)
      if (!this.#starting.signal.aborted) this.#ports.enter('running')
    } catch (error) {
      if (this.#starting.signal.aborted) return
      this.#failure ??= { error }
      this.#stopRequest.resolve()
    }
  }

  async #end(): Promise<void> {
    this.#ports.enter('stopping')
    const abandoned = await this.#guarded(this.#ports.wind(this.#stopTimeoutMs ?? this.#ports.shutdownTimeoutMs))
    await this.#guarded(this.#ports.stopDriver())
    if (this.#failure === undefined) {
      this.#ports.enter('stopped')
      this.#ended.resolve({ abandoned: abandoned ?? [] })
      return
    }
    this.#ports.enter('failed', this.#failure.error)
    this.#ended.reject(this.#failure.error)
    throw this.#failure.error
  }

  /** Whatever fails on the way out is the failure of the run, and does not keep the rest from being released. */
  async #guarded<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work
    } catch (error) {
      this.#failure ??= { error }
      return undefined
    }
  }
}
