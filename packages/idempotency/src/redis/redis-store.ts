import { HoldfastError } from '@holdfast/core'
import type { Claim, ClaimRequest, ClaimResult, Completion, IdempotencyStore, Renewal, WriteResult } from '../store.ts'
import { refuseEviction } from './eviction.ts'
import { callsOf, type IoRedisClient, type NodeRedisClient, type RedisCalls } from './redis-client.ts'
import { CLAIM, COMPLETE, RELEASE, RENEW, type Script } from './scripts.ts'

/** Options of `redisStore`. */
export interface RedisStoreOptions {
  /** What all keys begin with. @default 'holdfast' */
  readonly prefix?: string
  /**
   * Over how many hash tags keys are spread. A call takes one round trip for each tag that its keys have, and a cluster keeps
   * a tag on one server: 1 for a single server, some for each of its servers for a cluster. Another number forgets
   * all keys. @default 1
   */
  readonly shards?: number
  /** Warns of a server that may evict keys, where otherwise the consumer would not start. @default false */
  readonly allowEviction?: boolean
}

/**
 * Keys in Redis 6 or later, or what speaks its protocol and runs Lua. Takes a connected client of `redis` or `ioredis`, a cluster's
 * too; connecting, reconnecting and closing stay with whoever made it.
 * @throws HF_OPTION_INVALID
 */
export function redisStore(
  client: NodeRedisClient | IoRedisClient,
  { prefix = 'holdfast', shards = 1, allowEviction = false }: RedisStoreOptions = {},
): IdempotencyStore {
  const refused = (option: string, value: unknown, allowed: string): HoldfastError =>
    new HoldfastError(
      'HF_OPTION_INVALID',
      `${option} = ${JSON.stringify(value)} of redisStore is not allowed: it must be ${allowed}.\n  Fix: correct ${option}.`,
      { details: { option } },
    )
  // Braces would move the hash tag.
  if (!/^[^\s{}]{1,100}$/.test(prefix))
    throw refused('prefix', prefix, 'a text of 1 to 100 characters without space or braces')
  if (!Number.isSafeInteger(shards) || shards < 1 || shards > 16_384)
    throw refused('shards', shards, 'a whole number from 1 to 16384')
  return new RedisStore(callsOf(client), prefix, shards, allowEviction)
}

const SEE_TO_IT = 'see to it that maxmemory-policy is noeviction'

class RedisStore implements IdempotencyStore {
  readonly name: string = 'redis'
  readonly #calls: RedisCalls
  readonly #prefix: string
  readonly #shards: number
  readonly #allowEviction: boolean

  constructor(calls: RedisCalls, prefix: string, shards: number, allowEviction: boolean) {
    this.#calls = calls
    this.#prefix = prefix
    this.#shards = shards
    this.#allowEviction = allowEviction
  }

  async check(warn: (message: string) => void): Promise<void> {
    let servers: readonly string[]
    try {
      servers = await this.#calls.memory()
    } catch (error) {
      return warn(`Redis can't be asked whether it evicts keys (${String(error)}): ${SEE_TO_IT}`)
    }
    if (servers.length === 0) return warn(`this client cannot say whether Redis evicts keys: ${SEE_TO_IT}`)
    try {
      for (const memory of servers) refuseEviction(memory)
    } catch (error) {
      if (!this.#allowEviction) throw error
      warn((error as Error).message)
    }
  }

  async claim(requests: readonly ClaimRequest[]): Promise<readonly ClaimResult[]> {
    const answers = await this.#run(CLAIM, requests, ({ owner, fingerprint, leaseMs, windowMs }) => [
      `${owner} ${fingerprint ?? '*'} ${leaseMs} ${windowMs}`,
    ])
    return answers.map((answer) => claimResult(String(answer)))
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly WriteResult[]> {
    return writeResults(await this.#run(RENEW, renewals, ({ token, leaseMs }) => [String(token), String(leaseMs)]))
  }

  async complete(completions: readonly Completion[]): Promise<readonly WriteResult[]> {
    return writeResults(await this.#run(COMPLETE, completions, ({ token, result }) => [String(token), result ?? '*']))
  }

  async release(claims: readonly Claim[]): Promise<readonly WriteResult[]> {
    return writeResults(await this.#run(RELEASE, claims, ({ token }) => [String(token)]))
  }

  /** One call for each hash tag; the answers come in the order of the entries. */
  async #run<Entry extends { readonly key: string }>(
    script: Script,
    entries: readonly Entry[],
    args: (entry: Entry) => string[],
  ): Promise<readonly unknown[]> {
    const groups = Map.groupBy(entries.keys(), (index) => this.#shardOf((entries[index] as Entry).key))
    const answers: unknown[] = new Array(entries.length)
    await Promise.all(
      [...groups].map(async ([shard, indexes]) => {
        const group = indexes.map((index) => entries[index] as Entry)
        const keys = group.map(({ key }) => `${this.#prefix}:{${shard}}:${key}`)
        const part = (await this.#calls.run(script, keys, group.flatMap(args))) as readonly unknown[]
        for (const [at, index] of indexes.entries()) answers[index] = part[at]
      }),
    )
    return answers
  }

  #shardOf(key: string): number {
    if (this.#shards === 1) return 0
    let hash = 0x811c9dc5
    for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
    return (hash >>> 0) % this.#shards
  }
}

/** An answer is its type and, after a space, what belongs to it. */
function claimResult(answer: string): ClaimResult {
  const [type] = answer.split(' ', 1)
  const detail = answer.slice(answer.indexOf(' ') + 1)
  switch (type) {
    case 'acquired':
      return { type, token: Number(detail) }
    case 'completed':
      return { type, result: detail === '*' ? null : detail }
    case 'busy':
      return { type, forMs: Number(detail) }
    default:
      return { type: 'mismatch' }
  }
}

function writeResults(answers: readonly unknown[]): readonly WriteResult[] {
  // Some clients give numbers as texts.
  return answers.map((answer) => (Number(answer) === 1 ? 'ok' : 'stale'))
}
