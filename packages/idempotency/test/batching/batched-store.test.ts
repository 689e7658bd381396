import { createFakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { batched, batchedOnce } from '../../src/batching/batched-store.ts'
import { storeContract } from '../../src/contract/store-contract.ts'
import { memoryStore } from '../../src/memory/memory-store.ts'
import type { ClaimRequest, ClaimResult } from '../../src/store.ts'
import { FaultyStore } from '../support/faulty-store.ts'
import { onceScene } from '../support/scene.ts'

const request = (key: string, owner = 'o'): ClaimRequest => ({
  key,
  owner,
  fingerprint: null,
  leaseMs: 1_000,
  windowMs: 60_000,
})

const contract = storeContract({
  name: 'batched',
  setup() {
    const clock = createFakeClock()
    const store = batched(memoryStore({ clock }), { maxSize: 7 })
    return { store: () => store, pass: (ms) => clock.advance(ms), close: async () => undefined }
  },
})
for (const { name, run } of contract) test(name, run)

test('what is asked for in one turn goes in one call, and each has its own answer', async () => {
  const inner = new FaultyStore()
  const store = batched(inner)
  const results = await Promise.all([
    store.claim([request('a'), request('b')]),
    store.claim([request('c')]),
    store.claim([request('d'), request('e')]),
  ])
  expect(results.map((each) => each.length)).toEqual([2, 1, 2])
  expect(inner.calls.map(({ entries }) => entries.map(({ key }) => key))).toEqual([['a', 'b', 'c', 'd', 'e']])
  expect(store.counts).toEqual({ calls: 1, entries: 5 })
})

test('while one call is under way the next gathers', async () => {
  const inner = new FaultyStore()
  const store = batched(inner)
  const first = store.claim([request('a')])
  await new Promise(setImmediate)
  const more = ['b', 'c', 'd'].map((key) => store.claim([request(key)]))
  await Promise.all([first, ...more])
  expect(inner.calls.map(({ entries }) => entries.length)).toEqual([1, 3])
})

/** Answers claims when it is told to. */
class SlowStore extends FaultyStore {
  readonly answer = Promise.withResolvers<void>()

  override async claim(requests: readonly ClaimRequest[]): Promise<readonly ClaimResult[]> {
    const results = super.claim(requests)
    await this.answer.promise
    return results
  }
}

test.each(['answered', 'failed'])(
  'what has gathered goes before anybody hears of a call that has %s, so that the store works meanwhile',
  async (end) => {
    const inner = new SlowStore()
    const store = batched(inner)
    const callsWhenHeard = (): number => inner.calls.length
    const heard = store.claim([request('a')]).then(callsWhenHeard, callsWhenHeard)
    await new Promise(setImmediate)
    const next = store.claim([request('b')]).catch(() => undefined)
    if (end === 'failed') inner.answer.reject(new Error('away'))
    else inner.answer.resolve()
    expect(await heard).toBe(2)
    await next
  },
)

test('no call has a key twice, or more than maxSize', async () => {
  const inner = new FaultyStore()
  const store = batched(inner, { maxSize: 3 })
  const results = await Promise.all(
    ['a', 'a', 'b', 'c', 'd', 'a'].map((key, index) => store.claim([request(key, `o${index}`)])),
  )
  expect(inner.calls.map(({ entries }) => entries.map(({ key }) => key).join(''))).toEqual(['abc', 'ad', 'a'])
  expect(results.flat().map(({ type }) => type)).toEqual([
    'acquired',
    'busy',
    'acquired',
    'acquired',
    'acquired',
    'busy',
  ])
})

test('with maxWaitMs a call waits so long, or until it is full', async () => {
  const clock = createFakeClock()
  const inner = new FaultyStore()
  const store = batched(inner, { maxWaitMs: 5, maxSize: 3, clock })
  const waiting = store.claim([request('a')])
  await clock.advance(4)
  expect(inner.calls).toEqual([])
  await clock.advance(1)
  await waiting
  expect(inner.calls).toHaveLength(1)
  await Promise.all(['b', 'c', 'd'].map((key) => store.claim([request(key)])))
  expect(inner.calls).toHaveLength(2)
})

test('a call without an answer fails in time, and those behind it go on', async () => {
  const clock = createFakeClock()
  const inner = new FaultyStore()
  const store = batched(inner, { timeoutMs: 100, clock })
  inner.hanging.add('claim')
  const late = store.claim([request('a')])
  const failure = expect(late).rejects.toThrow('no answer within 100 ms')
  await clock.settle()
  const behind = store.claim([request('b')])
  inner.hanging.clear()
  await clock.advance(100)
  await failure
  expect(await behind).toMatchObject([{ type: 'acquired' }])
  expect(clock.pendingTimers).toBe(0)
})

test('one that fails fails all that it had, and no more', async () => {
  const inner = new FaultyStore()
  const store = batched(inner)
  inner.down.add('claim')
  const results = await Promise.allSettled([store.claim([request('a')]), store.claim([request('b')])])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  inner.down.clear()
  expect(await store.claim([request('a')])).toMatchObject([{ type: 'acquired' }])
})

test('a store that does not answer when it is checked holds no start back, and what it says later is told', async () => {
  const clock = createFakeClock()
  const { promise, reject } = Promise.withResolvers<void>()
  const warnings: string[] = []
  const store = batched(Object.assign(new FaultyStore(), { check: () => promise }), { clock })
  const checked = store.check?.((warning) => warnings.push(warning))
  await clock.advance('6s')
  await checked
  expect(warnings).toEqual([expect.stringMatching(/faulty can't be asked .* no answer within 5000 ms/)])
  reject(new Error('it evicts keys'))
  await clock.settle()
  expect(warnings[1]).toBe('it evicts keys')
})

test('a store is batched once, whoever has it', () => {
  const store = memoryStore()
  expect(batchedOnce(store)).toBe(batchedOnce(store))
  expect(batchedOnce(batchedOnce(store))).toBe(batchedOnce(store))
  expect(() => batched(store, { maxSize: 0 })).toThrow(/maxSize = 0 of batched is not allowed/)
})

test('under load a record costs a tenth of a round trip at the most', async () => {
  const inner = new FaultyStore()
  const store = batched(inner)
  const { produce, clock, calls } = await onceScene({ once: { store }, consumer: { concurrency: 100 } })
  produce(...Array.from({ length: 1_000 }, (_, index) => String(index)))
  await clock.advance('30s')
  expect(calls).toHaveLength(1_000)
  expect(store.counts.entries).toBe(2_000)
  expect(store.counts.calls / 1_000).toBeLessThanOrEqual(0.1)
})
