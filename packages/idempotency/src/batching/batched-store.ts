import { type Clock, HoldfastError } from '@holdfast/core'
import type { Claim, ClaimRequest, ClaimResult, Completion, IdempotencyStore, Renewal, WriteResult } from '../store.ts'
import { Gatherer, type GathererLimits } from './gatherer.ts'

/** Options of `batched`. */
export interface BatchingOptions {
  /** How many entries a call of the store has at the most. @default 500 */
  readonly maxSize?: number
  /** How long an entry that finds no call under way waits for others; 0 is the end of the event loop's turn. @default 0 */
  readonly maxWaitMs?: number
  /** A call that has no answer by then has failed. @default 5000 */
  readonly timeoutMs?: number
  /** @default the process's timers */
  readonly clock?: Pick<Clock, 'setTimer'>
}

/** A store that gathers, and counts what it asked. */
export interface BatchedStore extends IdempotencyStore {
  /** The calls that were made of the store so far, and the entries that they had. */
  readonly counts: { readonly calls: number; readonly entries: number }
}

const timers: Pick<Clock, 'setTimer'> = {
  setTimer(callback, delayMs) {
    const handle = setTimeout(callback, delayMs)
    return { clear: () => clearTimeout(handle) }
  },
}

/** Takes entries one at a time as well, which costs less than arrays of one. */
export interface GatheringStore extends BatchedStore {
  claimOne(request: ClaimRequest): Promise<ClaimResult>
  completeOne(completion: Completion): Promise<WriteResult>
}

const known = new WeakMap<IdempotencyStore, GatheringStore>()

/**
 * A store whose calls gather what many attempts want at the same time: one round trip for all of it. `idempotent` does this to
 * every store by itself; by hand it is for other limits, or to see `counts`.
 * @throws HF_OPTION_INVALID
 */
export function batched(store: IdempotencyStore, options: BatchingOptions = {}): BatchedStore {
  return gathering(store, options)
}

function gathering(
  store: IdempotencyStore,
  { maxSize = 500, maxWaitMs = 0, timeoutMs = 5_000, clock = timers }: BatchingOptions = {},
): GatheringStore {
  checkWhole('maxSize', maxSize, 1)
  checkWhole('maxWaitMs', maxWaitMs, 0)
  checkWhole('timeoutMs', timeoutMs, 1)
  const made = new Batched(store, { maxSize, maxWaitMs, timeoutMs, clock })
  known.set(made, made)
  return made
}

/** The same for every middleware that has the store, so that their calls gather too. */
export function batchedOnce(store: IdempotencyStore): GatheringStore {
  const made = known.get(store) ?? gathering(store)
  known.set(store, made)
  return made
}

class Batched implements GatheringStore {
  readonly name: string
  readonly #store: IdempotencyStore
  readonly #claims: Gatherer<ClaimRequest, ClaimResult>
  readonly #renewals: Gatherer<Renewal, WriteResult>
  readonly #completions: Gatherer<Completion, WriteResult>
  readonly #releases: Gatherer<Claim, WriteResult>
  readonly #limits: GathererLimits
  #calls = 0
  #entries = 0

  constructor(store: IdempotencyStore, limits: GathererLimits) {
    this.name = store.name
    this.#store = store
    this.#limits = limits
    const counted =
      <Entry, Result>(send: (entries: readonly Entry[]) => Promise<readonly Result[]>) =>
      async (entries: readonly Entry[]): Promise<readonly Result[]> => {
        this.#calls += 1
        this.#entries += entries.length
        return send(entries)
      }
    this.#claims = new Gatherer(
      counted((requests) => store.claim(requests)),
      limits,
    )
    this.#renewals = new Gatherer(
      counted((renewals) => store.renew(renewals)),
      limits,
    )
    this.#completions = new Gatherer(
      counted((completions) => store.complete(completions)),
      limits,
    )
    this.#releases = new Gatherer(
      counted((claims) => store.release(claims)),
      limits,
    )
  }

  get counts(): BatchedStore['counts'] {
    return { calls: this.#calls, entries: this.#entries }
  }

  /** A store that does not answer is one that is not there yet, and holds no start back. */
  check(warn: (message: string) => void): Promise<void> {
    const checked = (async () => this.#store.check?.(warn))()
    const { timeoutMs, clock } = this.#limits
    return new Promise((resolve, reject) => {
      let isLate = false
      const timer = clock.setTimer(() => {
        isLate = true
        warn(`${this.name} can't be asked whether it keeps what is written: no answer within ${timeoutMs} ms`)
        resolve()
      }, timeoutMs)
      checked
        .then(resolve, (error: unknown) =>
          isLate ? warn(error instanceof Error ? error.message : String(error)) : reject(error),
        )
        .finally(() => timer.clear())
    })
  }

  claimOne(request: ClaimRequest): Promise<ClaimResult> {
    return this.#claims.add(request)
  }

  completeOne(completion: Completion): Promise<WriteResult> {
    return this.#completions.add(completion)
  }

  claim(requests: readonly ClaimRequest[]): Promise<readonly ClaimResult[]> {
    return Promise.all(requests.map((request) => this.#claims.add(request)))
  }

  renew(renewals: readonly Renewal[]): Promise<readonly WriteResult[]> {
    return Promise.all(renewals.map((renewal) => this.#renewals.add(renewal)))
  }

  complete(completions: readonly Completion[]): Promise<readonly WriteResult[]> {
    return Promise.all(completions.map((completion) => this.#completions.add(completion)))
  }

  release(claims: readonly Claim[]): Promise<readonly WriteResult[]> {
    return Promise.all(claims.map((claim) => this.#releases.add(claim)))
  }
}

function checkWhole(option: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least && value < 2 ** 31) return
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    `${option} = ${value} of batched is not allowed: it must be a whole number of at least ${least}.\n  Fix: correct ${option}.`,
    { details: { option } },
  )
}
