import assert from 'node:assert/strict'
import type { Claim, ClaimResult, IdempotencyStore } from '../store.ts'
import { scene } from './scene.ts'
import type { StoreCase } from './store-environment.ts'

export const BATCH_CASES: readonly StoreCase[] = [
  scene('no entries, no results', async ({ store }) => {
    assert.deepEqual(
      [await store.claim([]), await store.renew([]), await store.complete([]), await store.release([])],
      [[], [], [], []],
    )
  }),

  scene('each entry has its own result, in order', async (scene) => {
    const { store, key, request, acquire, complete } = scene
    const done = await acquire(key('done'))
    await complete(done, '"d"')
    const held = await acquire(key('held'))
    const old = await acquire(key('mine'), { owner: 'second', fingerprint: 'f' })
    const asked = ['new', 'done', 'held', 'mine', 'other'].map((suffix) => request(key(suffix), { owner: 'second' }))
    asked.push(request(key('done2'), { owner: 'second' }))
    const claims = await store.claim(asked)
    assert.deepEqual(
      claims.map(({ type }) => type),
      ['acquired', 'completed', 'busy', 'acquired', 'acquired', 'acquired'],
    )
    const fresh = { key: key('mine'), token: tokenOf(claims[3]) }
    const other = { key: key('other'), token: tokenOf(claims[4]) }
    assert.deepEqual(await store.renew([held, fresh, other].map((claim) => ({ ...claim, leaseMs: 60_000 }))), [
      'ok',
      'ok',
      'ok',
    ])
    assert.deepEqual(
      await store.complete([
        { ...old, result: null },
        { ...other, result: null },
        { ...held, result: null },
      ]),
      ['stale', 'ok', 'ok'],
    )
  }),

  scene('five hundred keys at once', async ({ store, key, request }) => {
    const keys = Array.from({ length: 500 }, (_, index) => key(String(index)))
    const claims = await store.claim(keys.map((each) => request(each)))
    const held = keys.map((each, index): Claim => ({ key: each, token: tokenOf(claims[index]) }))
    assert.deepEqual(new Set(await store.renew(held.map((each) => ({ ...each, leaseMs: 60_000 })))), new Set(['ok']))
    const [done, free] = [held.slice(0, 250), held.slice(250)]
    const completed = await store.complete(done.map((each, index) => ({ ...each, result: String(index) })))
    assert.deepEqual(new Set(completed), new Set(['ok']))
    assert.deepEqual(new Set(await store.release(free)), new Set(['ok']))
    const again = await store.claim(keys.map((each) => request(each, { owner: 'second' })))
    for (const [index, result] of again.entries()) {
      if (index < 250) assert.deepEqual(result, { type: 'completed', result: String(index) })
      else assert.equal(result.type, 'acquired')
    }
  }),

  scene('of many who claim a key at once one has it', async ({ another, key, request }) => {
    const stores = Array.from({ length: 4 }, another)
    for (let round = 0; round < 10; round += 1) {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, owner) =>
          (stores[owner % stores.length] as IdempotencyStore).claim([
            request(key(String(round)), { owner: `o${owner}` }),
          ]),
        ),
      )
      const types = results.flat().map(({ type }) => type)
      assert.equal(types.filter((type) => type === 'acquired').length, 1, types.join())
      assert.equal(types.filter((type) => type === 'busy').length, 19, types.join())
    }
  }),

  scene('calls with the same keys in other orders do not hinder each other', async (scene) => {
    const { another, key, request } = scene
    const stores = Array.from({ length: 4 }, another)
    const keys = Array.from({ length: 100 }, (_, index) => key(String(index)))
    const results = await Promise.all(
      stores.map((store, index) => {
        const mine = index % 2 === 0 ? keys : keys.toReversed()
        return store.claim(mine.map((each) => request(each, { owner: `o${index}` })))
      }),
    )
    const acquired = results.flat().filter(({ type }) => type === 'acquired')
    assert.equal(acquired.length, keys.length)
    const held = results.map((claims, index) => {
      const mine = index % 2 === 0 ? keys : keys.toReversed()
      return claims.flatMap((result, at) =>
        result.type === 'acquired' ? [{ key: mine[at] as string, token: result.token }] : [],
      )
    })
    const all = held.flat()
    const writes = await Promise.all(
      stores.map((store, index) => {
        const shown = index % 2 === 0 ? all : all.toReversed()
        return store.complete(shown.map((claim) => ({ ...claim, result: null })))
      }),
    )
    assert.deepEqual(new Set(writes.flat()), new Set(['ok']))
  }),
]

function tokenOf(result: ClaimResult | undefined): number {
  if (result?.type !== 'acquired') throw new Error(`a claim was ${result?.type} where it is to be acquired`)
  return result.token
}
