import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, expect, inject, test } from 'vitest'
import { redisStore } from '../../src/redis/redis-store.ts'

const redis = new Redis(inject('redisUrl'))
afterAll(() => redis.quit())
const prefix = `redis-store-${randomUUID()}`
const request = (key: string) => ({ key, owner: 'o', fingerprint: null, leaseMs: 1_000, windowMs: 60_000 })

test('a server that has lost its scripts is given them again', async () => {
  const store = redisStore(redis, { prefix })
  await store.claim([request('a')])
  await redis.script('FLUSH')
  expect(await store.claim([{ ...request('b'), owner: 'p' }])).toMatchObject([{ type: 'acquired' }])
})

test('keys have the hash tag of their shard, and expire with their window', async () => {
  const store = redisStore(redis, { prefix, shards: 4 })
  await store.claim(['c', 'd', 'e', 'f', 'g', '{x}h'].map(request))
  const keys = await redis.keys(`${prefix}:{?}:?*`)
  expect(keys.length).toBeGreaterThanOrEqual(6)
  for (const key of keys) expect(key).toMatch(new RegExp(`^${prefix}:\\{[0-3]\\}:`))
  const ttl = await redis.pttl(keys[0] as string)
  expect(ttl).toBeGreaterThan(50_000)
  expect(ttl).toBeLessThanOrEqual(60_000)
})

test('a key that something else wrote is an error, and is left as it is', async () => {
  const store = redisStore(redis, { prefix })
  await redis.set(`${prefix}:{0}:foreign`, 'no record')
  await expect(store.claim([request('foreign')])).rejects.toThrow(/is not a record of this store/)
  expect(await redis.get(`${prefix}:{0}:foreign`)).toBe('no record')
})

test('options are checked', () => {
  expect(() => redisStore(redis, { prefix: 'a{b' })).toThrow(/prefix = "a\{b" of redisStore is not allowed/)
  expect(() => redisStore(redis, { shards: 0 })).toThrow(/shards = 0 of redisStore is not allowed/)
  expect(() => redisStore({} as never)).toThrow(/no client of redis or ioredis/)
})

test('a client that gives numbers as texts', async () => {
  const client = new Redis(inject('redisUrl'), { stringNumbers: true })
  try {
    const store = redisStore(client, { prefix })
    const [mine] = await store.claim([request('texts')])
    const claim = { key: 'texts', token: mine?.type === 'acquired' ? mine.token : 0 }
    expect(await store.renew([{ ...claim, leaseMs: 1_000 }])).toEqual(['ok'])
    expect(await store.complete([{ ...claim, result: null }])).toEqual(['ok'])
    expect(await store.release([claim])).toEqual(['stale'])
  } finally {
    client.disconnect()
  }
})
