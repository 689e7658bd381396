import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim, ClaimRequest, ClaimResult, IdempotencyStore, WriteResult } from '../store.ts'
import type { StoreCase, StoreEnvironment } from './store-environment.ts'

const LONG_MS = 60_000

/** One case at work: keys of its own, and calls for a single key. */
export interface Scene {
  readonly store: IdempotencyStore
  /** Another store over the same keys. */
  another(): IdempotencyStore
  /** A key that nothing else has. */
  key(suffix?: string): string
  request(key: string, options?: Partial<ClaimRequest>): ClaimRequest
  claim(key: string, options?: Partial<ClaimRequest>): Promise<ClaimResult>
  /** Claims a key that is to be had. */
  acquire(key: string, options?: Partial<ClaimRequest>): Promise<Claim>
  renew(claim: Claim, leaseMs?: number): Promise<WriteResult>
  complete(claim: Claim, result?: string | null): Promise<WriteResult>
  release(claim: Claim): Promise<WriteResult>
  pass(ms: number): Promise<void>
}

export function scene(name: string, play: (scene: Scene) => Promise<void>): StoreCase {
  return { name, run: (environment) => play(sceneIn(environment)) }
}

/**
 * A case whose steps before the first `pass` must take less than so many milliseconds by the store's clock. Where they took longer
 * it says nothing, and is played again with more time.
 */
export function timedScene(
  name: string,
  allowedMs: number,
  play: (scene: Scene, allowedMs: number) => Promise<void>,
): StoreCase {
  return {
    name,
    async run(environment) {
      for (let ms = allowedMs; ; ms *= 4) {
        const scene = sceneIn(environment)
        const startedMs = performance.now()
        let tookMs: number | undefined
        const pass = (passingMs: number): Promise<void> => {
          tookMs ??= performance.now() - startedMs
          return scene.pass(passingMs)
        }
        try {
          return await play({ ...scene, pass }, ms)
        } catch (error) {
          if ((tookMs ?? performance.now() - startedMs) < ms || ms > LONG_MS / 4) throw error
        }
      }
    },
  }
}

function sceneIn(environment: StoreEnvironment): Scene {
  const store = environment.store()
  const id = randomUUID()
  const request = (key: string, options: Partial<ClaimRequest> = {}): ClaimRequest => ({
    key,
    owner: 'first',
    fingerprint: null,
    leaseMs: LONG_MS,
    windowMs: LONG_MS,
    ...options,
  })
  const claim: Scene['claim'] = async (key, options) => only(await store.claim([request(key, options)]))
  return {
    store,
    another: () => environment.store(),
    key: (suffix = '') => `contract:${id}:${suffix}`,
    request,
    claim,
    async acquire(key, options) {
      const result = await claim(key, options)
      if (result.type !== 'acquired') throw new Error(`a claim was ${result.type} where it is to be acquired`)
      return { key, token: result.token }
    },
    renew: async (held, leaseMs = LONG_MS) => only(await store.renew([{ ...held, leaseMs }])),
    complete: async (held, result = null) => only(await store.complete([{ ...held, result }])),
    release: async (held) => only(await store.release([held])),
    pass: environment.pass ?? ((ms) => sleep(ms)),
  }
}

function only<T>(results: readonly T[]): T {
  if (results.length !== 1) throw new Error(`${results.length} results for one entry`)
  return results[0] as T
}
