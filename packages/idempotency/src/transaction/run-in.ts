import { HoldfastError } from '@holdfast/core'
import type { PostgresClient, PostgresJsClient, QueryClient } from '../postgres/postgres-client.ts'

/** A pool of `pg`, as far as it is used. */
export interface TransactionPool extends QueryClient {
  connect(): Promise<PooledClient>
}

export interface PooledClient extends QueryClient {
  release(error?: Error | boolean): void
}

/** The `sql` of the package `postgres`, as far as it is used. */
export interface TransactionSql extends PostgresJsClient {
  // biome-ignore lint/suspicious/noExplicitAny: what it gives to the function is a type of its own
  begin(work: (sql: any) => Promise<unknown>): Promise<unknown>
}

/** A PGlite, as far as it is used. */
export interface TransactionPglite extends QueryClient {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  transaction(work: (transaction: any) => Promise<unknown>): Promise<unknown>
}

export type TransactionClient = TransactionPool | TransactionSql | TransactionPglite

/** Runs work in a transaction that is committed when the work ends, and rolled back when it throws. */
export type RunInTransaction = (work: (transaction: PostgresClient) => Promise<void>) => Promise<void>

/** @throws HF_OPTION_INVALID */
export function transactionsOf(client: TransactionClient): RunInTransaction {
  if (has(client, 'begin')) return async (work) => void (await (client as TransactionSql).begin(work))
  if (has(client, 'transaction')) return async (work) => void (await (client as TransactionPglite).transaction(work))
  if (has(client, 'connect') && has(client, 'query')) return (work) => runInPool(client as TransactionPool, work)
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    'inTransaction was given nothing that has transactions: a Pool of pg, the sql of postgres, or a PGlite.\n  Fix: inTransaction(new Pool({ connectionString })).',
    { details: { option: 'client' } },
  )
}

async function runInPool(pool: TransactionPool, work: (transaction: PostgresClient) => Promise<void>): Promise<void> {
  const client = await pool.connect()
  let failure: Error | undefined
  try {
    await client.query('begin')
    await work(client)
    await client.query('commit')
  } catch (error) {
    failure = await client.query('rollback').then(
      () => undefined,
      (broken: Error) => broken,
    )
    throw error
  } finally {
    // A connection that could not even roll back is closed, and its transaction with it.
    client.release(failure)
  }
}

function has(client: unknown, name: string): boolean {
  const isObject = (typeof client === 'object' && client !== null) || typeof client === 'function'
  return isObject && typeof (client as Record<string, unknown>)[name] === 'function'
}
