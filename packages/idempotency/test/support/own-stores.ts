import { postgres, redis, type TestServer } from '@holdfast/testing'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { DEFAULT_TABLE, migrate } from '../../src/postgres/migrations.ts'
import { postgresStore } from '../../src/postgres/postgres-store.ts'
import { redisStore } from '../../src/redis/redis-store.ts'
import type { IdempotencyStore } from '../../src/store.ts'

/** A store on a server that nobody else uses, so that it may be broken. */
export interface OwnStore {
  readonly store: IdempotencyStore
  /** Has the server answer nothing until the returned function is called. */
  stall(): Promise<() => Promise<unknown>>
  close(): Promise<unknown>
}

async function overRedis({ url, process: server }: TestServer): Promise<OwnStore> {
  const client = createClient({ url })
  client.on('error', () => undefined)
  await client.connect()
  return {
    store: redisStore(client),
    stall: async () => {
      await server?.pause()
      return async () => server?.resume()
    },
    close: async () => client.destroy(),
  }
}

async function overPostgres({ url }: TestServer): Promise<OwnStore> {
  const pool = new Pool({ connectionString: url })
  pool.on('error', () => undefined)
  await migrate(pool)
  return {
    store: postgresStore(pool),
    // Its connections have processes of their own, which go on where the first one is stopped.
    stall: async () => {
      const client = await pool.connect()
      await client.query(`begin; lock table ${DEFAULT_TABLE}`)
      return async () => client.release(true)
    },
    close: () => pool.end(),
  }
}

const own = { own: true, log: () => undefined }

type Way = readonly [name: string, serve: () => Promise<TestServer>, open: (server: TestServer) => Promise<OwnStore>]

export const OWN_STORES: readonly Way[] = [
  ['redis', () => redis(own), overRedis],
  ['postgres', () => postgres(own), overPostgres],
]
