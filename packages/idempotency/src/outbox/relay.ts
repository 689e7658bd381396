import { HoldfastError, type Timer } from '@holdfast/core'
import type { RelaySettings } from './relay-options.ts'
import type { RelayPass } from './relay-pass.ts'

/** Writes what lies in an outbox, from `start` to `stop`. */
export interface Relay extends AsyncDisposable {
  /** How many messages it has written and deleted. */
  readonly relayed: number
  /** @throws HF_STATE_INVALID when it was started, or stopped, before */
  start(): void
  /** Looks at the table now; for after a commit with messages. Costs nothing to call often. */
  notify(): void
  /**
   * Resolves when what it is writing has been written and deleted, or has failed. The rest stays for other relays, or the next
   * start.
   */
  stop(): Promise<void>
}

/**
 * - `new`: not started. `working`: passes follow each other, at once while there is something to relay. `stopping`: no further
 *   pass begins.
 * - One pass at a time. What is notified during a pass is looked at after it.
 */
export class PassingRelay implements Relay {
  readonly #pass: RelayPass
  readonly #settings: RelaySettings
  readonly #report: RelaySettings['onError']
  #state: 'new' | 'working' | 'stopping' = 'new'
  #working: Promise<void> = Promise.resolve()
  #isNotified = false
  #failures = 0
  #relayed = 0
  /** Ends the wait under way; a `notify` may, unless it waits after a failure. */
  #wake: { readonly end: () => void; readonly byNotify: boolean } | undefined

  constructor(pass: RelayPass, settings: RelaySettings, report: RelaySettings['onError']) {
    this.#pass = pass
    this.#settings = settings
    this.#report = report
  }

  get relayed(): number {
    return this.#relayed
  }

  start(): void {
    if (this.#state !== 'new')
      throw new HoldfastError(
        'HF_STATE_INVALID',
        'a relay starts once, and not after stop.\n  Fix: make another one with outbox.relay().',
      )
    this.#state = 'working'
    this.#working = this.#work()
  }

  notify(): void {
    this.#isNotified = true
    if (this.#wake?.byNotify) this.#wake.end()
  }

  async stop(): Promise<void> {
    this.#state = 'stopping'
    this.#wake?.end()
    await this.#working
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #work(): Promise<void> {
    while (this.#state === 'working') {
      this.#isNotified = false
      try {
        const count = await this.#pass()
        this.#failures = 0
        this.#relayed += count
        if (count === 0) await this.#wait(this.#settings.pollIntervalMs, true)
      } catch (error) {
        this.#failures += 1
        const retryInMs = this.#settings.restMs(this.#failures)
        this.#report(error, { topic: undefined, retryInMs })
        await this.#wait(retryInMs, false)
      }
    }
  }

  async #wait(forMs: number, byNotify: boolean): Promise<void> {
    if (this.#state !== 'working' || (byNotify && this.#isNotified)) return
    let timer: Timer | undefined
    await new Promise<void>((end) => {
      this.#wake = { end, byNotify }
      timer = this.#settings.clock.setTimer(end, forMs)
    })
    timer?.clear()
    this.#wake = undefined
  }
}
