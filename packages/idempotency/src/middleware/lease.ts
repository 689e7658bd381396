import type { AttemptCall, Clock, HoldfastError, Timer } from '@holdfast/core'
import type { Claim, ClaimRequest, IdempotencyStore, WriteResult } from '../store.ts'
import { claimLost } from './errors.ts'
import { SharedTimer, type Ticking } from './shared-timer.ts'
import type { Turn } from './turn.ts'

/** Shares of a lease: when it is renewed, and how soon again where the store did not answer. */
const RENEWED_AT = 1 / 3
const TRIED_AGAIN_AT = 1 / 12

interface LeaseSettings {
  readonly store: IdempotencyStore
  readonly leaseMs: number
}

/** The leases of a middleware, which has a timer for each clock of its consumers. */
export class Leases {
  readonly #settings: LeaseSettings
  readonly #timers = new WeakMap<Clock, SharedTimer>()

  constructor(settings: LeaseSettings) {
    this.#settings = settings
  }

  /** That of an attempt, whose claims were asked for at that time. */
  of(call: AttemptCall, askedMs: number): Lease {
    return new Lease(call, this.#settings, this.#timerOf(call.clock), askedMs)
  }

  #timerOf(clock: Clock): SharedTimer {
    const known = this.#timers.get(clock)
    if (known !== undefined) return known
    const made = new SharedTimer(clock, Math.floor(this.#settings.leaseMs * RENEWED_AT))
    this.#timers.set(clock, made)
    return made
  }
}

/**
 * Keeps the leases of an attempt while it runs: renews them every third of their length, and says when one is lost. It ends
 * with the attempt's signal and at its deadline, so that a handler which is not waited for any more does not hold its key.
 */
export class Lease implements Ticking {
  readonly #call: AttemptCall
  readonly #store: IdempotencyStore
  readonly #leaseMs: number
  readonly #controller = new AbortController()
  readonly #turns = new Set<Turn>()
  /** From when on the leases run, at the earliest: when they were asked for, by this member's clock. */
  #grantedMs: number
  #isRenewing = false
  readonly #timer: SharedTimer
  /** Set while the store has to be asked again. */
  #retry: Timer | undefined

  /** Why it was lost. */
  lost: HoldfastError | undefined

  constructor(call: AttemptCall, { store, leaseMs }: LeaseSettings, timer: SharedTimer, grantedMs: number) {
    this.#call = call
    this.#store = store
    this.#leaseMs = leaseMs
    this.#timer = timer
    this.#grantedMs = grantedMs
  }

  /** Aborts when it is lost. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  keep(turn: Turn): void {
    this.#turns.add(turn)
    if (this.#turns.size === 1) this.#timer.add(this)
  }

  /** It is settled by itself. */
  drop(turn: Turn): void {
    this.#turns.delete(turn)
  }

  /** It could not be settled after all. */
  keepAgain(turn: Turn): void {
    if (this.lost !== undefined) return
    this.#turns.add(turn)
    if (this.#turns.size === 1) this.tick()
  }

  end(): void {
    this.#turns.clear()
    this.#timer.delete(this)
    this.#retry?.clear()
  }

  tick(): void {
    const { clock, signal, deadline } = this.#call
    if (this.#turns.size === 0 || signal.aborted || clock.wallNow() >= deadline.getTime()) return
    if (clock.now() - this.#grantedMs >= this.#leaseMs)
      return this.#lose(`its lease of ${this.#leaseMs} ms has run out, and the store did not renew it`)
    this.#timer.add(this)
    if (this.#isRenewing) return
    this.#renew().catch(() => {
      if (this.#turns.size > 0) this.#tryAgain()
    })
  }

  #tryAgain(): void {
    this.#timer.delete(this)
    this.#retry = this.#call.clock.setTimer(() => this.tick(), Math.floor(this.#leaseMs * TRIED_AGAIN_AT))
  }

  async #renew(): Promise<void> {
    this.#isRenewing = true
    const askedMs = this.#call.clock.now()
    const turns = [...this.#turns]
    try {
      const results = await this.#store.renew(
        turns.map(({ claim }) => ({ ...(claim as Claim), leaseMs: this.#leaseMs })),
      )
      const stale = this.#stale(turns, results)
      if (stale.length > 0 && !(await this.#claimAgain(stale)))
        return this.#lose('its lease had run out, and another attempt has claimed its key')
      this.#grantedMs = askedMs
    } finally {
      this.#isRenewing = false
    }
  }

  /**
   * The claim that makes them stale may be their own: one whose call was given up, and which the store has carried out all the
   * same, behind that which took its place. Answers whether they are theirs still, under greater tokens.
   */
  async #claimAgain(stale: readonly Turn[]): Promise<boolean> {
    const asked = this.#store.claim(stale.map(({ request }) => request as ClaimRequest))
    const taken = asked.then((results) =>
      results.map((result, index) => {
        const turn = stale[index] as Turn
        if (result.type !== 'acquired') return !this.#turns.has(turn)
        turn.claim = { key: (turn.request as ClaimRequest).key, token: result.token }
        return true
      }),
    )
    const ended = taken.then(
      () => undefined,
      () => undefined,
    )
    for (const turn of stale) turn.claiming = ended
    return (await taken).every((isOurs) => isOurs)
  }

  /** Those that are stale and matter. */
  #stale(turns: readonly Turn[], results: readonly WriteResult[]): readonly Turn[] {
    const stale = turns.filter((turn, index) => results[index] === 'stale' && this.#turns.has(turn))
    // What was settled is stale by that, also where the answer was lost; else its effect is noted, and no call depends on it.
    for (const turn of stale) if (turn.ending !== undefined) this.#turns.delete(turn)
    return stale.filter((turn) => this.#turns.has(turn))
  }

  #lose(reason: string): void {
    this.end()
    this.lost = claimLost(this.#call, reason)
    this.#controller.abort(this.lost)
  }
}
