import { redis as redisServer, type TestServer } from '@holdfast/testing'
import { Cluster, Redis } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../../kafkajs/test/support/until.ts'
import { storeContract } from '../../src/contract/store-contract.ts'
import { redisStore } from '../../src/redis/redis-store.ts'

/** A cluster of one server: it has all slots, and refuses calls with keys of several, as any other. */
let server: TestServer
let cluster: Cluster
let nodeCluster: ReturnType<typeof createCluster>

beforeAll(async () => {
  server = await redisServer({
    own: true,
    log: () => undefined,
    args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
  })
  const { hostname: host, port } = new URL(server.url)
  const redis = new Redis(server.url)
  await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  const isOk = (info: unknown): boolean => String(info).includes('cluster_state:ok')
  await until('the cluster', () => redis.call('CLUSTER', 'INFO'), isOk)
  await redis.quit()
  cluster = new Cluster([{ host, port: Number(port) }])
  nodeCluster = createCluster({ rootNodes: [{ url: server.url }] })
  await nodeCluster.connect()
})
afterAll(async () => {
  cluster.disconnect()
  nodeCluster.destroy()
  await server.stop()
})

const close = async (): Promise<void> => undefined
const contracts = [
  ...storeContract({ name: 'ioredis', setup: () => ({ store: () => redisStore(cluster, { shards: 4 }), close }) }),
  ...storeContract({ name: 'redis', setup: () => ({ store: () => redisStore(nodeCluster, { shards: 4 }), close }) }),
]
for (const { name, run } of contracts) test.concurrent(`in a cluster, ${name}`, run)

test('each of its servers is asked whether it evicts', async () => {
  const redis = new Redis(server.url)
  const checks = (): Promise<unknown>[] =>
    [cluster, nodeCluster].map(async (client) => redisStore(client, { shards: 4 }).check?.(() => undefined))
  await expect(Promise.all(checks())).resolves.toEqual([undefined, undefined])
  await redis.config('SET', 'maxmemory', '100mb')
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  // Together: one that rejects while another is awaited would be nobody's.
  const refusal = { status: 'rejected', reason: { code: 'HF_STORE_REFUSED' } }
  expect(await Promise.allSettled(checks())).toMatchObject([refusal, refusal])
  await redis.quit()
})
