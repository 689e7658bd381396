import type { IdempotencyStore } from '@holdfast/idempotency'
import { migrate, postgresStore } from '@holdfast/idempotency/postgres'
import { redisStore } from '@holdfast/idempotency/redis'
import type { Database } from '../look-up/database.ts'

/** Where it is written down which requests have had their mail. */
export interface KeyStore extends AsyncDisposable {
  readonly store: IdempotencyStore
}

/** Redis where there is a URL for it, else a table of the database. An embedded one is this worker's alone. */
export async function openKeyStore(redisUrl: string | undefined, database: Database): Promise<KeyStore> {
  if (redisUrl !== undefined) return inRedis(redisUrl)
  const client = {
    query: async (text: string, values: unknown[] = []) => ({ rows: [...(await database.query(text, values))] }),
  }
  await migrate(client)
  return { store: postgresStore(client), [Symbol.asyncDispose]: async () => undefined }
}

async function inRedis(url: string): Promise<KeyStore> {
  const { createClient } = await import('redis')
  const client = createClient({ url })
  // It connects again by itself; meanwhile no mail is sent, and the health of the consumer says why.
  client.on('error', () => undefined)
  await client.connect()
  return { store: redisStore(client), [Symbol.asyncDispose]: async () => client.destroy() }
}
