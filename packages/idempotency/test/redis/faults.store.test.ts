import { redis as redisServer, type TestServer } from '@holdfast/testing'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { batched } from '../../src/batching/batched-store.ts'
import { redisStore } from '../../src/redis/redis-store.ts'
import type { IdempotencyStore } from '../../src/store.ts'

const silent = { own: true, log: () => undefined }
const request = (key: string, owner = 'o') => ({ key, owner, fingerprint: null, leaseMs: 60_000, windowMs: 60_000 })

let server: TestServer
let redis: Redis
let nodeRedis: ReturnType<typeof createClient>
let stores: readonly (readonly [string, IdempotencyStore])[]

beforeAll(async () => {
  server = await redisServer(silent)
  redis = new Redis(server.url)
  redis.on('error', () => undefined)
  nodeRedis = createClient({ url: server.url })
  nodeRedis.on('error', () => undefined)
  await nodeRedis.connect()
  stores = [
    ['ioredis', redisStore(redis)],
    ['redis', redisStore(nodeRedis)],
  ]
})
afterAll(async () => {
  redis.disconnect()
  nodeRedis.destroy()
  await server.stop()
})
beforeEach(async () => void (await redis.flushall()))

async function acquire(store: IdempotencyStore, key: string, owner = 'o') {
  const [result] = await store.claim([request(key, owner)])
  if (result?.type !== 'acquired') throw new Error(`the claim was ${result?.type}`)
  return { key, token: result.token }
}

test('after FLUSHALL a key is claimed anew, and the token of before is refused', async () => {
  for (const [name, store] of stores) {
    const before = await acquire(store, name)
    await redis.flushall()
    const after = await acquire(store, name, 'other')
    expect(after.token).toBeGreaterThan(before.token)
    expect(await store.complete([{ ...before, result: '"late"' }])).toEqual(['stale'])
    expect(await store.complete([{ ...after, result: '"other"' }])).toEqual(['ok'])
  }
})

test('a replica that may not be written to fails every call, and writes nothing', async () => {
  await redis.replicaof('127.0.0.1', 1)
  for (const [name, store] of stores) await expect(store.claim([request(name)])).rejects.toThrow(/READONLY/)
  await redis.replicaof('NO', 'ONE')
  expect(await redis.dbsize()).toBe(0)
  for (const [name, store] of stores) await acquire(store, name)
})

test('a server that is full fails claims whole, and forgets nothing', async () => {
  const held = await Promise.all(stores.map(([name, store]) => acquire(store, name)))
  await redis.config('SET', 'maxmemory', '1')
  for (const [, store] of stores) await expect(store.claim([request('full'), request('fuller')])).rejects.toThrow(/OOM/)
  await redis.config('SET', 'maxmemory', '0')
  expect(await redis.dbsize()).toBe(2)
  for (const [index, [, store]] of stores.entries())
    expect(await store.complete([{ ...(held[index] as { key: string; token: number }), result: null }])).toEqual(['ok'])
})

test('a server that evicts is found out by what it says of itself', async () => {
  await redis.config('SET', 'maxmemory', '100mb')
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  for (const [, store] of stores)
    await expect(store.check?.(() => undefined)).rejects.toMatchObject({ code: 'HF_STORE_REFUSED' })
  await redis.config('SET', 'maxmemory-policy', 'noeviction')
  for (const [, store] of stores) await expect(store.check?.(() => undefined)).resolves.toBeUndefined()
  await redis.config('SET', 'maxmemory', '0')
})

test('one that stands still fails calls in time; a claim that was carried out meanwhile is claimed again by its owner', async () => {
  for (const [name, inner] of stores) {
    const store = batched(inner, { timeoutMs: 200 })
    await acquire(store, `${name}-warm`)
    await server.process?.pause()
    await expect(store.claim([request(name)])).rejects.toThrow('no answer within 200 ms')
    await server.process?.resume()
    await acquire(store, name)
    expect(await inner.claim([request(name, 'other')])).toMatchObject([{ type: 'busy' }])
  }
})

test('one that dies and comes back is used again, by the same client', async () => {
  for (const [name, inner] of stores) {
    const store = batched(inner, { timeoutMs: 200 })
    const claimed = (): Promise<unknown> => store.claim([request(name)]).catch(() => [])
    const acquired = async (): Promise<void> =>
      expect.poll(claimed, { timeout: 20_000, interval: 50 }).toMatchObject([{ type: 'acquired' }])
    await acquired()
    const before = await acquire(inner, name)
    await server.process?.kill()
    await expect(store.complete([{ ...before, result: null }])).rejects.toThrow()
    await server.process?.start()
    await acquired()
    // It kept nothing on disk: what was claimed before is not known any more.
    expect(await inner.complete([{ ...before, result: null }])).toEqual(['stale'])
  }
})

test('after a failover to a replica that lags, what it has not heard of is had again, and the tokens of before are refused', async () => {
  const replicaServer = await redisServer(silent)
  const replica = new Redis(replicaServer.url)
  const { hostname, port } = new URL(server.url)
  try {
    const [, store] = stores[0] as (typeof stores)[number]
    const heard = await acquire(store, 'heard')
    await replica.replicaof(hostname, Number(port))
    await expect.poll(() => replica.exists('holdfast:{0}:heard'), { timeout: 10_000 }).toBe(1)
    await replica.replicaof('127.0.0.1', 1)
    const unheard = await acquire(store, 'unheard')
    expect(await store.complete([{ ...unheard, result: null }])).toEqual(['ok'])
    await replica.replicaof('NO', 'ONE')
    const promoted = redisStore(replica)
    expect(await promoted.claim([request('heard', 'other')])).toMatchObject([{ type: 'busy' }])
    expect(await promoted.complete([{ ...heard, result: null }])).toEqual(['ok'])
    const again = await acquire(promoted, 'unheard', 'other')
    expect(again.token).toBeGreaterThan(unheard.token)
    expect(await promoted.complete([{ ...unheard, result: null }])).toEqual(['stale'])
  } finally {
    replica.disconnect()
    await replicaServer.stop()
  }
})
