import assert from 'node:assert/strict'
import { scene, timedScene } from './scene.ts'
import type { StoreCase } from './store-environment.ts'

export const FENCING_CASES: readonly StoreCase[] = [
  scene('who lost its lease to another writes nothing any more', async (scene) => {
    const { key, acquire, claim, complete, renew, release, pass } = scene
    const late = await acquire(key(), { leaseMs: 40 })
    await pass(80)
    const owner = await acquire(key(), { owner: 'second' })
    assert.equal(await renew(late), 'stale')
    assert.equal(await complete(late, '"late"'), 'stale')
    assert.equal(await release(late), 'stale')
    assert.equal((await claim(key(), { owner: 'third' })).type, 'busy')
    assert.equal(await complete(owner, '"owner"'), 'ok')
    assert.equal(await complete(late, '"late"'), 'stale')
    assert.equal(await release(late), 'stale')
    assert.deepEqual(await claim(key()), { type: 'completed', result: '"owner"' })
  }),

  timedScene('a lease that is renewed goes on', 100, async ({ key, acquire, claim, renew, pass }, leaseMs) => {
    const held = await acquire(key(), { leaseMs })
    assert.equal(await renew(held), 'ok')
    await pass(2 * leaseMs)
    assert.equal((await claim(key(), { owner: 'second' })).type, 'busy')
  }),

  scene('a lease that ran out is renewed where nobody has claimed the key since', async (scene) => {
    const { key, acquire, claim, renew, pass } = scene
    const held = await acquire(key(), { leaseMs: 20 })
    await pass(60)
    assert.equal(await renew(held), 'ok')
    assert.equal((await claim(key(), { owner: 'second' })).type, 'busy')
  }),

  scene('so it is completed or released', async ({ key, acquire, claim, complete, release, pass }) => {
    const done = await acquire(key('done'), { leaseMs: 20 })
    const free = await acquire(key('free'), { leaseMs: 20 })
    await pass(60)
    assert.equal(await complete(done, '1'), 'ok')
    assert.equal(await release(free), 'ok')
    assert.deepEqual(await claim(key('done'), { owner: 'second' }), { type: 'completed', result: '1' })
    assert.equal(await complete(free), 'stale')
  }),

  scene('a write that is repeated is ok, and the first one counts', async (scene) => {
    const { key, acquire, claim, complete, release } = scene
    const done = await acquire(key('done'))
    assert.equal(await complete(done, '1'), 'ok')
    assert.equal(await complete(done, '2'), 'ok')
    assert.deepEqual(await claim(key('done')), { type: 'completed', result: '1' })
    const free = await acquire(key('free'))
    assert.equal(await release(free), 'ok')
    assert.equal(await release(free), 'ok')
  }),

  scene('what is done is not released or renewed; what is free is not completed or renewed', async (scene) => {
    const { key, acquire, claim, complete, release, renew } = scene
    const done = await acquire(key('done'))
    await complete(done, '1')
    assert.equal(await release(done), 'stale')
    assert.equal(await renew(done), 'stale')
    assert.deepEqual(await claim(key('done')), { type: 'completed', result: '1' })
    const free = await acquire(key('free'))
    await release(free)
    assert.equal(await complete(free), 'stale')
    assert.equal(await renew(free), 'stale')
    assert.equal((await claim(key('free'), { owner: 'second' })).type, 'acquired')
  }),

  scene('a write for a key that is not known is stale, and leaves nothing behind', async (scene) => {
    const { key, claim, complete, release, renew } = scene
    const unknown = { key: key(), token: 1 }
    assert.deepEqual(
      [await renew(unknown), await complete(unknown), await release(unknown)],
      ['stale', 'stale', 'stale'],
    )
    assert.equal((await claim(key())).type, 'acquired')
  }),
]
