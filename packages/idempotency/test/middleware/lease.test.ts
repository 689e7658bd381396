import type { ConsumerRecord, HandlerContext, HoldfastError } from '@holdfast/core'
import { createFakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { batched } from '../../src/batching/batched-store.ts'
import { memoryStore } from '../../src/memory/memory-store.ts'
import { claimOf } from '../../src/middleware/held.ts'
import type { ClaimRequest } from '../../src/store.ts'
import { FaultyStore } from '../support/faulty-store.ts'
import { onceScene, type SceneOptions } from '../support/scene.ts'

/** Handlers whose ends the test decides. */
function gate() {
  const open: { readonly signal: AbortSignal; end(): void; fail(error: unknown): void }[] = []
  const work = (_value: string, { signal }: HandlerContext): Promise<void> =>
    new Promise((resolve, reject) => open.push({ signal, end: resolve, fail: reject }))
  return { open, work }
}

const LEASE = { leaseMs: 30_000 }
const stolen = { owner: 'thief', fingerprint: null, leaseMs: 1_000, windowMs: 60_000 }

type Scene = Awaited<ReturnType<typeof onceScene>>

/** Another has the first key, as after a failover to a replica that had not heard of the claim; by now its owner knows. */
async function steal(clock: Scene['clock'], store: Scene['store']): Promise<string> {
  await clock.advance('1s')
  const key = store.calls[0]?.entries[0]?.key as string
  await store.inner.release([{ key, token: 1 }])
  await store.inner.claim([{ key, ...stolen, leaseMs: 12_000 }])
  await clock.advance('9s')
  return key
}

test('a lease is renewed every third of it while the handler runs, and no more afterwards', async () => {
  const { open, work } = gate()
  const { produce, clock, store, broker } = await onceScene({ once: LEASE, work })
  produce('a')
  await clock.advance('95s')
  expect(store.count('renew')).toBe(9)
  open[0]?.end()
  await clock.advance('60s')
  expect(store.count('renew')).toBe(9)
  expect(broker.committed('t', 0)).toBe(1)
})

test('who lost its key to another is aborted with a code of its own, and its attempt does not count', async () => {
  const { open, work } = gate()
  const { produce, clock, calls, store, events, broker } = await onceScene({ once: LEASE, work })
  produce('a')
  await steal(clock, store)
  const { signal } = open[0] as { signal: AbortSignal }
  expect(signal.reason).toMatchObject({
    code: 'HF_CLAIM_LOST',
    message: expect.stringMatching(
      /of t at t\/0@0 must end: its lease had run out, and another attempt has claimed its key/,
    ),
  })
  open[0]?.fail(signal.reason)
  await clock.advance('10s')
  expect(events('attempt:failed').at(0)).toMatchObject({ attempt: 1, error: { cause: { code: 'HF_CLAIM_LOST' } } })
  // The thief is gone: its lease ends, and the record has its turn again.
  expect(calls).toEqual(['a', 'a'])
  expect(events('partition:halted')).toEqual([])
  open[1]?.end()
  await clock.advance('6s')
  expect(broker.committed('t', 0)).toBe(1)
})

/** An attempt whose first claim had no answer, and is carried out behind that which took its place. */
async function lateClaim(consumer: SceneOptions['consumer'] = {}) {
  const { open, work } = gate()
  const records: ConsumerRecord[] = []
  const clock = createFakeClock()
  const store = new FaultyStore(memoryStore({ clock }))
  const scene = await onceScene({
    clock,
    store,
    once: { ...LEASE, store: batched(store, { timeoutMs: 200, clock }) },
    consumer,
    work: (value, context, record) => {
      records.push(record)
      return work(value, context)
    },
  })
  store.hanging.add('claim')
  scene.produce('a')
  await clock.advance(100)
  const late = store.calls[0]?.entries as readonly ClaimRequest[]
  store.hanging.clear()
  await clock.advance('1s')
  expect([open.length, records.map((record) => claimOf(record)?.token)]).toEqual([1, [1]])
  expect(await store.inner.claim(late)).toEqual([{ type: 'acquired', token: 2 }])
  return { ...scene, open, records, key: late[0]?.key as string }
}

test('a claim of its own that is carried out late does not end a handler', async () => {
  const { clock, open, records, calls, broker, events } = await lateClaim()
  await clock.advance('1m')
  expect(open[0]?.signal.aborted).toBe(false)
  expect(records.map((record) => claimOf(record)?.token)).toEqual([3])
  open[0]?.end()
  await clock.advance('6s')
  expect(broker.committed('t', 0)).toBe(1)
  expect(calls).toEqual(['a'])
  // That of the claim without an answer.
  expect(events('attempt:failed')).toHaveLength(1)
})

test('… nor where the store is down when the key is claimed again', async () => {
  const { clock, store, open } = await lateClaim()
  store.down.add('claim')
  await clock.advance('20s')
  store.down.clear()
  await clock.advance('1m')
  expect(open[0]?.signal.aborted).toBe(false)
})

test('a handler that ends while its key is claimed again gives back or settles that claim', async () => {
  for (const isDone of [false, true]) {
    const { clock, store, open, broker, key } = await lateClaim({ deadLetterTopic: 't.dead' })
    const answer = Promise.withResolvers<void>()
    const claim = store.claim.bind(store)
    const asked = store.count('claim')
    Object.assign(store, {
      claim: async (requests: readonly ClaimRequest[]) => {
        const results = await claim(requests)
        await answer.promise
        return results
      },
    })
    while (store.count('claim') === asked && clock.now() < 60_000) await clock.advance(100)
    if (isDone) open[0]?.end()
    else open[0]?.fail(new Error('no'))
    await clock.advance(100)
    answer.resolve()
    await clock.advance('6s')
    expect(broker.committed('t', 0)).toBe(1)
    const other = { ...stolen, key, leaseMs: 1_000 }
    expect(await store.inner.claim([other])).toMatchObject([{ type: isDone ? 'completed' : 'acquired' }])
  }
})

test('a handler knows under which claim it works, also after it has lost it, until it ends', async () => {
  const records: Parameters<typeof claimOf>[0][] = []
  const { open, work } = gate()
  const { produce, clock, store } = await onceScene({
    once: LEASE,
    work: (value, context, record) => {
      records.push(record)
      return work(value, context)
    },
  })
  produce('a')
  const key = await steal(clock, store)
  expect(open[0]?.signal.aborted).toBe(true)
  expect(records.map(claimOf)).toEqual([{ key, token: 1 }])
  open[0]?.end()
  await clock.advance('1s')
  expect(records.map(claimOf)).toEqual([undefined])
})

/** An attempt at `a` that is under way, in a process that has stood still for longer than its lease. */
async function asleepPastItsLease() {
  const { open, work } = gate()
  const scene = await onceScene({ once: LEASE, work })
  scene.produce('a')
  await scene.clock.advance('1s')
  const key = scene.store.calls[0]?.entries[0]?.key as string
  scene.clock.block('40s')
  return { ...scene, open, key }
}

test('what comes back late overwrites nothing, and what the other did counts', async () => {
  const { clock, calls, store, broker, open, key } = await asleepPastItsLease()
  const [taken] = await store.inner.claim([{ key, ...stolen, leaseMs: 60_000 }])
  open[0]?.end()
  await clock.advance('1s')
  expect(broker.committed('t', 0)).toBe(-1)
  if (taken?.type === 'acquired') await store.inner.complete([{ key, token: taken.token, result: null }])
  await clock.advance('10s')
  expect(calls).toEqual(['a'])
  expect(broker.committed('t', 0)).toBe(1)
})

test('an effect that came late is not made again by this process, where the other gave up', async () => {
  const { clock, calls, store, broker, open, key } = await asleepPastItsLease()
  await store.inner.claim([{ key, ...stolen, leaseMs: 5_000 }])
  open[0]?.end()
  await clock.advance('20s')
  expect(calls).toEqual(['a'])
  expect(broker.committed('t', 0)).toBe(1)
})

test('a lease that the store does not renew is given up when it has run out', async () => {
  const { open, work } = gate()
  const { produce, clock, store } = await onceScene({ once: LEASE, work })
  produce('a')
  await clock.advance('1s')
  store.down.add('renew')
  await clock.advance('25s')
  expect(open[0]?.signal.aborted).toBe(false)
  await clock.advance('10s')
  expect(open[0]?.signal.reason).toMatchObject({
    code: 'HF_CLAIM_LOST',
    message: expect.stringMatching(/its lease of 30000 ms has run out, and the store did not renew it/),
  })
})

test('one that is renewed again in time goes on', async () => {
  const { open, work } = gate()
  const { produce, clock, store } = await onceScene({ once: LEASE, work })
  produce('a')
  await clock.advance('1s')
  store.down.add('renew')
  await clock.advance('20s')
  store.down.clear()
  await clock.advance('60s')
  expect(open[0]?.signal.aborted).toBe(false)
})

test('an attempt that is over for its consumer renews nothing more: a handler that hangs loses its key', async () => {
  const { work } = gate()
  const { produce, clock, store } = await onceScene({ once: LEASE, work, consumer: { handlerTimeoutMs: 60_000 } })
  produce('a')
  await clock.advance('10m')
  expect(store.count('renew')).toBeGreaterThan(0)
  expect(store.count('renew')).toBeLessThanOrEqual(6)
  const key = store.calls[0]?.entries[0]?.key as string
  expect(await store.inner.claim([{ key, ...stolen }])).toMatchObject([{ type: 'acquired' }])
})

test('a wall clock that jumps changes nothing: leases are by the store, renewals by monotonic time', async () => {
  const { open, work } = gate()
  const { produce, clock, store } = await onceScene({ once: LEASE, work })
  const { wallNow } = clock
  produce('a')
  await clock.advance('1s')
  for (const jumpMs of [-3_600_000, -86_400_000]) {
    Object.assign(clock, { wallNow: () => wallNow() + jumpMs })
    await clock.advance('40s')
  }
  expect((open[0]?.signal.reason as HoldfastError | undefined)?.code).toBeUndefined()
  expect(store.count('renew')).toBe(8)
})
