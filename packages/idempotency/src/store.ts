/**
 * A key's record in a store.
 *
 * - `claimed`: an attempt has it until its lease ends; past that it is whoever claims it next.
 * - `done`: its effect was made. It is not made again while the record is kept.
 * - `free`: its owner gave it back. It is whoever claims it next.
 *
 * A record is kept for `windowMs` from its last claim, and not less than its lease. Every claim has a **token** that is
 * greater than those of all claims of the key before it, whatever became of them; who writes must show the token of the
 * last one. Time is the store's own.
 */
export type KeyState = 'claimed' | 'done' | 'free'

/** Asks for a key; times are milliseconds. */
export interface ClaimRequest {
  /** As `claimKey` makes them: 1 to 255 printable characters of ASCII, without a space. */
  readonly key: string
  /**
   * Who claims: 1 to 64 characters like those of a key, without `*`. A claim by the owner of the lease in force succeeds,
   * under a new token: it repeats a claim whose answer was lost.
   */
  readonly owner: string
  /** Tells payloads apart, in characters like those of an owner; null where it does not matter. */
  readonly fingerprint: string | null
  /** For so long nobody else can claim the key. */
  readonly leaseMs: number
  /** For so long the key is remembered. */
  readonly windowMs: number
}

/**
 * - `acquired`: the key is the caller's, under this token.
 * - `completed`: its effect was made before; `result` is what was kept of it.
 * - `busy`: somebody else has it, for so long at the least.
 * - `mismatch`: it is done, or claimed under a lease in force, with another fingerprint.
 */
export type ClaimResult =
  | { readonly type: 'acquired'; readonly token: number }
  | { readonly type: 'completed'; readonly result: string | null }
  | { readonly type: 'busy'; readonly forMs: number }
  | { readonly type: 'mismatch' }

/** What whoever acquired a key shows when it writes. */
export interface Claim {
  readonly key: string
  readonly token: number
}

/** Asks for a longer lease, in milliseconds. */
export interface Renewal extends Claim {
  /** From now on. */
  readonly leaseMs: number
}

/** Says that the effect of a key was made. */
export interface Completion extends Claim {
  /** JSON, for those who claim the key later. */
  readonly result: string | null
}

/** `stale`: the token is not that of the last claim, or the record is not in a state that allows the write; nothing was written. */
export type WriteResult = 'ok' | 'stale'

/**
 * Where keys are kept. Each method takes many entries, with **no key twice in a call**, and answers one result for each, in
 * their order. An entry is written whole or not at all, and no entry depends on another. A rejection says that nothing
 * is known of any of them: all may be repeated.
 *
 * `contract` of this package has the cases that a store must pass.
 */
export interface IdempotencyStore {
  /** As it reads in errors and in the health of the consumer: `redis`. */
  readonly name: string
  /**
   * Whether it can keep its word at all, asked when the consumer starts. What the store can't know now it leaves be.
   * @throws HF_STORE_REFUSED
   */
  check?(warn: (message: string) => void): Promise<void>
  claim(requests: readonly ClaimRequest[]): Promise<readonly ClaimResult[]>
  /** Gives the lease of a `claimed` record a new end, even where it has run out and nobody has claimed the key since. */
  renew(renewals: readonly Renewal[]): Promise<readonly WriteResult[]>
  /** Makes a `claimed` record `done`. Repeated, it is `ok` and changes nothing. */
  complete(completions: readonly Completion[]): Promise<readonly WriteResult[]>
  /** Makes a `claimed` record `free`. Repeated, it is `ok` and changes nothing. */
  release(claims: readonly Claim[]): Promise<readonly WriteResult[]>
}
