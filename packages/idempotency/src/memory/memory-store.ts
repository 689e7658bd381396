import { type Clock, HoldfastError } from '@holdfast/core'
import type {
  Claim,
  ClaimRequest,
  ClaimResult,
  Completion,
  IdempotencyStore,
  KeyState,
  Renewal,
  WriteResult,
} from '../store.ts'

/** Options of `memoryStore`. */
export interface MemoryStoreOptions {
  /** How many keys are kept; where they are that many, claims of new ones fail. @default 100000 */
  readonly maxKeys?: number
  /** @default the process's monotonic time */
  readonly clock?: Pick<Clock, 'now'>
}

interface KeyRecord {
  token: number
  state: KeyState
  owner: string
  fingerprint: string | null
  result: string | null
  leaseEndMs: number
  expiresMs: number
}

const FIRST_SWEEP = 1_024
/** A store that is full looks for what has expired no more often than this. */
const FULL_SWEEP_MS = 1_000

/**
 * Keys in the memory of this process: for tests, and for a service of one process whose repeats after a restart do no
 * harm. It forgets everything when the process ends.
 * @throws HF_OPTION_INVALID
 */
export function memoryStore({ maxKeys = 100_000, clock = performance }: MemoryStoreOptions = {}): IdempotencyStore {
  if (!Number.isSafeInteger(maxKeys) || maxKeys < 1)
    throw new HoldfastError(
      'HF_OPTION_INVALID',
      `maxKeys = ${maxKeys} of memoryStore is not allowed: it must be a whole number of at least 1.\n  Fix: correct maxKeys.`,
      { details: { option: 'maxKeys' } },
    )
  return new MemoryStore(maxKeys, clock)
}

class MemoryStore implements IdempotencyStore {
  readonly name: string = 'memory'
  readonly #records = new Map<string, KeyRecord>()
  readonly #maxKeys: number
  readonly #clock: Pick<Clock, 'now'>
  #lastToken = 0
  #sweepAt: number
  #sweptMs = Number.NEGATIVE_INFINITY

  constructor(maxKeys: number, clock: Pick<Clock, 'now'>) {
    this.#maxKeys = maxKeys
    this.#clock = clock
    this.#sweepAt = Math.min(FIRST_SWEEP, maxKeys)
  }

  async claim(requests: readonly ClaimRequest[]): Promise<readonly ClaimResult[]> {
    const nowMs = this.#clock.now()
    this.#makeRoom(requests, nowMs)
    return requests.map((request) => this.#claim(request, nowMs))
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly WriteResult[]> {
    const nowMs = this.#clock.now()
    return renewals.map((renewal) =>
      this.#write(renewal, ['claimed'], nowMs, (record) => {
        record.leaseEndMs = nowMs + renewal.leaseMs
        record.expiresMs = Math.max(record.expiresMs, record.leaseEndMs)
      }),
    )
  }

  async complete(completions: readonly Completion[]): Promise<readonly WriteResult[]> {
    const nowMs = this.#clock.now()
    return completions.map((completion) =>
      this.#write(completion, ['claimed', 'done'], nowMs, (record) => {
        if (record.state === 'done') return
        record.state = 'done'
        record.result = completion.result
      }),
    )
  }

  async release(claims: readonly Claim[]): Promise<readonly WriteResult[]> {
    const nowMs = this.#clock.now()
    return claims.map((claim) =>
      this.#write(claim, ['claimed', 'free'], nowMs, (record) => {
        record.state = 'free'
      }),
    )
  }

  #claim({ key, owner, fingerprint, leaseMs, windowMs }: ClaimRequest, nowMs: number): ClaimResult {
    const known = this.#at(key, nowMs)
    if (known !== undefined && isInForce(known, nowMs)) {
      if (differs(known.fingerprint, fingerprint)) return { type: 'mismatch' }
      if (known.state === 'done') return { type: 'completed', result: known.result }
      if (known.owner !== owner) return { type: 'busy', forMs: Math.ceil(known.leaseEndMs - nowMs) }
    }
    this.#lastToken += 1
    const leaseEndMs = nowMs + leaseMs
    this.#records.set(key, {
      token: this.#lastToken,
      state: 'claimed',
      owner,
      fingerprint,
      result: null,
      leaseEndMs,
      expiresMs: nowMs + Math.max(leaseMs, windowMs),
    })
    return { type: 'acquired', token: this.#lastToken }
  }

  #write(
    { key, token }: Claim,
    allowed: readonly KeyState[],
    nowMs: number,
    change: (record: KeyRecord) => void,
  ): WriteResult {
    const record = this.#at(key, nowMs)
    if (record?.token !== token || !allowed.includes(record.state)) return 'stale'
    change(record)
    return 'ok'
  }

  #at(key: string, nowMs: number): KeyRecord | undefined {
    const record = this.#records.get(key)
    return record === undefined || record.expiresMs <= nowMs ? undefined : record
  }

  /** A key that is forgotten for want of room could be done twice; so none is, and the claim fails instead. */
  #makeRoom(requests: readonly ClaimRequest[], nowMs: number): void {
    const records = this.#records
    if (records.size + requests.length <= this.#sweepAt) return
    const isFull = this.#sweepAt === this.#maxKeys
    if (!isFull || nowMs - this.#sweptMs >= FULL_SWEEP_MS) {
      this.#sweptMs = nowMs
      for (const [key, { expiresMs }] of records) if (expiresMs <= nowMs) records.delete(key)
      this.#sweepAt = Math.min(this.#maxKeys, Math.max(FIRST_SWEEP, 2 * (records.size + requests.length)))
    }
    const wanted = requests.reduce((count, { key }) => (records.has(key) ? count : count + 1), records.size)
    if (wanted > this.#maxKeys)
      throw new Error(`it keeps maxKeys = ${this.#maxKeys} keys already; raise maxKeys, or lower windowMs`)
  }
}

function isInForce({ state, leaseEndMs }: KeyRecord, nowMs: number): boolean {
  return state === 'done' || (state === 'claimed' && leaseEndMs > nowMs)
}

function differs(known: string | null, asked: string | null): boolean {
  return known !== null && asked !== null && known !== asked
}
