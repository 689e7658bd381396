import { HoldfastError } from '@holdfast/core'
import { hasMethod } from '../has-method.ts'
import type { Script } from './scripts.ts'

/** A client of the package `redis`, or its cluster client, as far as it is used. */
export interface NodeRedisClient {
  evalSha(sha: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>
  eval(script: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>
  info?(section: string): Promise<unknown>
  /** Of a cluster. */
  readonly masters?: readonly unknown[]
  // biome-ignore lint/suspicious/noExplicitAny: one of `masters`
  nodeClient?(master: any): unknown
}

/** A client of the package `ioredis`, or its `Cluster`, as far as it is used. */
export interface IoRedisClient {
  evalsha(sha: string, keys: number, ...rest: string[]): Promise<unknown>
  eval(script: string, keys: number, ...rest: string[]): Promise<unknown>
  info(section: string): Promise<unknown>
  /** Of a cluster. */
  nodes?(role: 'master'): readonly IoRedisClient[]
}

/** What the store needs of a client of either package. */
export interface RedisCalls {
  run(script: Script, keys: string[], args: string[]): Promise<unknown>
  /** What each server that holds keys says of its memory; empty where the client can't tell. */
  memory(): Promise<readonly string[]>
}

/** @throws HF_OPTION_INVALID */
export function callsOf(client: NodeRedisClient | IoRedisClient): RedisCalls {
  if (isNodeRedis(client)) return nodeRedis(client)
  if (isIoRedis(client)) return ioRedis(client)
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    'redisStore was given no client of redis or ioredis: it has neither evalSha nor evalsha.\n  Fix: redisStore(await createClient({ url }).connect()), or redisStore(new Redis(url)).',
    { details: { option: 'client' } },
  )
}

function nodeRedis(client: NodeRedisClient): RedisCalls {
  return {
    run: ({ source, sha }, keys, args) => {
      const options = { keys, arguments: args }
      return loaded(
        () => client.evalSha(sha, options),
        () => client.eval(source, options),
      )
    },
    async memory() {
      const { masters, nodeClient } = client
      const asked =
        masters && nodeClient ? await Promise.all(masters.map((each) => nodeClient.call(client, each))) : [client]
      const servers = asked as readonly NodeRedisClient[]
      if (servers.some(({ info }) => info === undefined)) return []
      return Promise.all(servers.map(async (server) => String(await server.info?.('memory'))))
    },
  }
}

function ioRedis(client: IoRedisClient): RedisCalls {
  return {
    run: ({ source, sha }, keys, args) =>
      loaded(
        () => client.evalsha(sha, keys.length, ...keys, ...args),
        () => client.eval(source, keys.length, ...keys, ...args),
      ),
    async memory() {
      const servers = client.nodes?.('master') ?? [client]
      return Promise.all(servers.map(async (server) => String(await server.info('memory'))))
    },
  }
}

/** A server that was started anew, or failed over, does not know the script; it runs, and is kept, when it is sent whole. */
async function loaded(bySha: () => Promise<unknown>, whole: () => Promise<unknown>): Promise<unknown> {
  try {
    return await bySha()
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return whole()
  }
}

function isNodeRedis(client: unknown): client is NodeRedisClient {
  return hasMethod(client, 'evalSha')
}

function isIoRedis(client: unknown): client is IoRedisClient {
  return hasMethod(client, 'evalsha')
}
