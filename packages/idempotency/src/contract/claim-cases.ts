import assert from 'node:assert/strict'
import { scene, timedScene } from './scene.ts'
import type { StoreCase } from './store-environment.ts'

export const CLAIM_CASES: readonly StoreCase[] = [
  scene('a key that is free is acquired, under a token that is a whole number', async ({ key, acquire }) => {
    const { token } = await acquire(key())
    assert.ok(Number.isSafeInteger(token) && token > 0, `token ${token}`)
  }),

  scene('a key that is claimed is busy, until its lease ends at the latest', async ({ key, acquire, claim }) => {
    await acquire(key(), { leaseMs: 30_000 })
    const result = await claim(key(), { owner: 'second' })
    assert.equal(result.type, 'busy')
    assert.ok(result.type === 'busy' && result.forMs > 20_000 && result.forMs <= 30_000, JSON.stringify(result))
  }),

  scene('a lease that has run out lets another claim, under a higher token', async ({ key, acquire, pass }) => {
    const first = await acquire(key(), { leaseMs: 40 })
    await pass(80)
    const second = await acquire(key(), { owner: 'second' })
    assert.ok(second.token > first.token, `${second.token} after ${first.token}`)
  }),

  scene('a claim by the owner of the lease succeeds, and ends the token before', async (scene) => {
    const { key, acquire, claim, complete } = scene
    const first = await acquire(key())
    const again = await acquire(key())
    assert.ok(again.token > first.token, `${again.token} after ${first.token}`)
    assert.equal(await complete(first, '"first"'), 'stale')
    assert.equal((await claim(key(), { owner: 'second' })).type, 'busy')
    assert.equal(await complete(again, '"again"'), 'ok')
    assert.deepEqual(await claim(key()), { type: 'completed', result: '"again"' })
  }),

  scene('what is done is completed for everybody, with its result', async ({ key, acquire, claim, complete }) => {
    for (const [suffix, result] of Object.entries(RESULTS)) {
      assert.equal(await complete(await acquire(key(suffix)), result), 'ok')
      for (const owner of ['first', 'second'])
        assert.deepEqual(await claim(key(suffix), { owner }), { type: 'completed', result })
    }
  }),

  scene('what is released is had by the next, under a higher token', async ({ key, acquire, release }) => {
    const first = await acquire(key())
    assert.equal(await release(first), 'ok')
    const second = await acquire(key(), { owner: 'second' })
    assert.ok(second.token > first.token, `${second.token} after ${first.token}`)
  }),

  timedScene('a key is forgotten when its window is over; tokens grow all the same', 100, async (scene, windowMs) => {
    const { key, acquire, claim, complete, pass } = scene
    const first = await acquire(key(), { leaseMs: 10, windowMs })
    assert.equal(await complete(first, '1'), 'ok')
    assert.equal((await claim(key(), { owner: 'second' })).type, 'completed')
    await pass(2 * windowMs)
    const second = await acquire(key(), { owner: 'second' })
    assert.ok(second.token > first.token, `${second.token} after ${first.token}`)
    assert.equal(await complete(first, '1'), 'stale')
  }),

  timedScene('a key is kept as long as its lease, however short its window', 100, async (scene, leaseMs) => {
    const { key, acquire, claim, complete, renew, pass } = scene
    const long = await acquire(key('long'), { windowMs: 20 })
    const renewed = await acquire(key('renewed'), { windowMs: leaseMs, leaseMs })
    assert.equal(await renew(renewed), 'ok')
    await pass(2 * leaseMs)
    for (const held of [long, renewed]) {
      assert.equal((await claim(held.key, { owner: 'second' })).type, 'busy')
      assert.equal(await complete(held), 'ok')
    }
  }),

  scene('another fingerprint is a mismatch while the key is claimed or done', async (scene) => {
    const { key, acquire, claim, complete, release } = scene
    const held = await acquire(key(), { fingerprint: 'one' })
    assert.equal((await claim(key(), { owner: 'second', fingerprint: 'two' })).type, 'mismatch')
    assert.equal((await claim(key(), { fingerprint: 'two' })).type, 'mismatch')
    for (const fingerprint of ['one', null])
      assert.equal((await claim(key(), { owner: 'second', fingerprint })).type, 'busy')
    assert.equal(await complete(held), 'ok')
    assert.equal((await claim(key(), { fingerprint: 'two' })).type, 'mismatch')
    for (const fingerprint of ['one', null]) assert.equal((await claim(key(), { fingerprint })).type, 'completed')
    const free = await acquire(key('free'), { fingerprint: 'one' })
    assert.equal(await release(free), 'ok')
    await acquire(key('free'), { owner: 'second', fingerprint: 'two' })
    await acquire(key('none'))
    assert.equal((await claim(key('none'), { owner: 'second', fingerprint: 'two' })).type, 'busy')
  }),

  scene('a lease that has run out lets another fingerprint claim', async ({ key, acquire, claim, complete, pass }) => {
    const first = await acquire(key(), { fingerprint: 'one', leaseMs: 40 })
    await pass(80)
    const second = await acquire(key(), { owner: 'second', fingerprint: 'two' })
    assert.equal(await complete(first), 'stale')
    assert.equal((await claim(key(), { fingerprint: 'one' })).type, 'mismatch')
    assert.equal(await complete(second), 'ok')
  }),

  scene('keys that look alike are different keys', async ({ store, key, request }) => {
    const suffixes = ['a', 'A', 'a:', 'a%', 'a%20', 'a#', '{a}', '[a]*?', "a'--", 'a".', 'a\\', 'a'.repeat(200)]
    const results = await store.claim(suffixes.map((suffix) => request(key(suffix))))
    assert.deepEqual(new Set(results.map(({ type }) => type)), new Set(['acquired']))
  }),
]

const RESULTS: Readonly<Record<string, string | null>> = {
  none: null,
  null: 'null',
  empty: '""',
  text: JSON.stringify('a b\u0000\n\t"\\ * ä € 😀'),
  object: JSON.stringify({ id: 1, list: [1, 2, null] }),
  long: JSON.stringify('x'.repeat(60_000)),
}
