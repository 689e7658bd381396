import { memoryStore } from '../../src/memory/memory-store.ts'
import type {
  Claim,
  ClaimRequest,
  ClaimResult,
  Completion,
  IdempotencyStore,
  Renewal,
  WriteResult,
} from '../../src/store.ts'

export type StoreCall = 'claim' | 'renew' | 'complete' | 'release'

/** The memory store, with what a test does to it. */
export class FaultyStore implements IdempotencyStore {
  readonly name: string = 'faulty'
  readonly inner: IdempotencyStore
  readonly calls: { readonly call: StoreCall; readonly entries: readonly { readonly key: string }[] }[] = []
  /** The calls that fail now, before or after they are carried out. */
  readonly down = new Set<StoreCall>()
  readonly cut = new Set<StoreCall>()
  /** Calls that never answer. */
  readonly hanging = new Set<StoreCall>()

  constructor(inner: IdempotencyStore = memoryStore()) {
    this.inner = inner
  }

  claim(requests: readonly ClaimRequest[]): Promise<readonly ClaimResult[]> {
    return this.#pass('claim', requests, () => this.inner.claim(requests))
  }

  renew(renewals: readonly Renewal[]): Promise<readonly WriteResult[]> {
    return this.#pass('renew', renewals, () => this.inner.renew(renewals))
  }

  complete(completions: readonly Completion[]): Promise<readonly WriteResult[]> {
    return this.#pass('complete', completions, () => this.inner.complete(completions))
  }

  release(claims: readonly Claim[]): Promise<readonly WriteResult[]> {
    return this.#pass('release', claims, () => this.inner.release(claims))
  }

  count(call: StoreCall): number {
    return this.calls.filter((each) => each.call === call).length
  }

  async #pass<T>(call: StoreCall, entries: readonly { readonly key: string }[], work: () => Promise<T>): Promise<T> {
    this.calls.push({ call, entries })
    if (this.hanging.has(call)) return new Promise<T>(() => undefined)
    if (this.down.has(call)) throw new Error('connection refused')
    const result = await work()
    if (this.cut.has(call)) throw new Error('connection reset')
    return result
  }
}
