import { expect, test } from 'vitest'
import { redisStore } from '../../src/redis/redis-store.ts'

const info = (policy: string, limit: string): string =>
  `# Memory\r\nused_memory:1\r\nmaxmemory:${limit}\r\nmaxmemory_human:x\r\nmaxmemory_policy:${policy}\r\n`
const client = (memory: string) => ({ evalsha: async () => [], eval: async () => [], info: async () => memory })

async function checked(memory: string, allowEviction = false): Promise<string[]> {
  const warnings: string[] = []
  await redisStore(client(memory), { allowEviction }).check?.((message) => warnings.push(message))
  return warnings
}

test.each(['allkeys-lru', 'volatile-ttl', 'allkeys-random'])(
  'a server with a limit that evicts by %s is refused',
  async (policy) => {
    await expect(checked(info(policy, '1048576'))).rejects.toMatchObject({
      code: 'HF_STORE_REFUSED',
      message: expect.stringMatching(
        /maxmemory-policy .* and maxmemory 1048576: .*\n {2}Fix: maxmemory-policy noeviction/,
      ),
    })
    expect(await checked(info(policy, '1048576'), true)).toEqual([expect.stringMatching(/forgets keys/)])
  },
)

test('one that evicts nothing is taken', async () => {
  expect(await checked(info('noeviction', '1048576'))).toEqual([])
  expect(await checked(info('allkeys-lru', '0'))).toEqual([])
})

test('every server of a cluster is asked', async () => {
  const cluster = { ...client(''), nodes: () => [client(info('noeviction', '1')), client(info('allkeys-lfu', '1'))] }
  await expect(redisStore(cluster).check?.(() => undefined)).rejects.toMatchObject({ code: 'HF_STORE_REFUSED' })
})

test.each([{ allowEviction: false }, { allowEviction: true }])(
  'a server that does not answer, or may not, is warned of, and does not end the run (%o)',
  async (options) => {
    const warnings: string[] = []
    const silent = { ...client(''), info: () => Promise.reject(new Error('NOPERM')) }
    await redisStore(silent, options).check?.((message) => warnings.push(message))
    expect(warnings).toEqual([expect.stringMatching(/NOPERM.*see to it that maxmemory-policy is noeviction/)])
  },
)

test('a client that cannot tell is warned of', async () => {
  const warnings: string[] = []
  const cluster = { evalSha: async () => [], eval: async () => [] }
  await redisStore(cluster).check?.((message) => warnings.push(message))
  expect(warnings).toEqual([expect.stringMatching(/see to it that maxmemory-policy is noeviction/)])
})
