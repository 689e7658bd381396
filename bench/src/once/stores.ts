import { type BatchedStore, batched, type IdempotencyStore, idempotent } from '@holdfast/idempotency'
import { memoryStore } from '@holdfast/idempotency/memory'
import { migrate, postgresStore } from '@holdfast/idempotency/postgres'
import { redisStore } from '@holdfast/idempotency/redis'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { oneByOne } from './one-by-one.ts'
import type { OnceSettings } from './settings.ts'
import type { Way } from './way.ts'

/** A record is claimed, and noted as done. */
const ENTRIES_PER_RECORD = 2
/** The default of `pg`. */
const CONNECTIONS = 10

const nothing = async (): Promise<void> => undefined

export async function memoryWay({ records }: OnceSettings): Promise<Way> {
  return gathered(memoryStore({ maxKeys: records }), records, nothing)
}

export async function redisWay({ redisUrl, records }: OnceSettings): Promise<Way> {
  const client = await createClient({ url: redisUrl }).connect()
  return gathered(redisStore(client), records, async () => {
    // The server is the benchmark's own, and the next arm finds it empty.
    await client.flushDb()
    await client.close()
  })
}

export async function postgresWay(settings: OnceSettings): Promise<Way> {
  const { store, close } = await openPostgres(settings)
  return gathered(store, settings.records, close)
}

export async function postgresSingleWay(settings: OnceSettings): Promise<Way> {
  const { store, close } = await openPostgres(settings)
  const counted = batched(oneByOne(store))
  return storeWay(counted, settings.records, () => counted.counts.entries, close)
}

async function openPostgres({
  databaseUrl,
}: OnceSettings): Promise<{ readonly store: IdempotencyStore; close(): Promise<void> }> {
  const pool = new Pool({ connectionString: databaseUrl, max: CONNECTIONS })
  const table = `claims_${process.pid}`
  await migrate(pool, table)
  return {
    store: postgresStore(pool, { table, cleanUp: false }),
    async close() {
      await pool.query(`drop table ${table}`)
      await pool.end()
    },
  }
}

function gathered(store: IdempotencyStore, records: number, close: () => Promise<void>): Way {
  const counted = batched(store)
  return storeWay(counted, records, () => counted.counts.calls, close)
}

function storeWay(store: BatchedStore, records: number, roundTrips: () => number, close: () => Promise<void>): Way {
  return {
    options: { delivery: 'exactly-once', use: [idempotent({ store })] },
    roundTrips,
    async check() {
      const { entries } = store.counts
      if (entries < records * ENTRIES_PER_RECORD)
        throw new Error(`${store.name} was asked for ${entries} entries, where ${records} records need two each`)
    },
    close,
  }
}
