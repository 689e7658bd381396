import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, inject, test } from 'vitest'
import { storeContract } from '../../src/contract/store-contract.ts'
import { redisStore } from '../../src/redis/redis-store.ts'

const url = inject('redisUrl')
const nodeRedis = createClient({ url })
const ioRedis = new Redis(url, { lazyConnect: true })
beforeAll(() => Promise.all([nodeRedis.connect(), ioRedis.connect()]))
afterAll(() => Promise.all([nodeRedis.close(), ioRedis.quit()]))

const prefix = `contract-${randomUUID()}`
const close = async (): Promise<void> => undefined

const contracts = [
  ...storeContract({ name: 'redis', setup: () => ({ store: () => redisStore(nodeRedis, { prefix }), close }) }),
  ...storeContract({
    name: 'ioredis with shards',
    setup: () => ({ store: () => redisStore(ioRedis, { prefix, shards: 8 }), close }),
  }),
]
for (const { name, run } of contracts) test.concurrent(name, run)
