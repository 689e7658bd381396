import { HoldfastError } from '@holdfast/core'
import { type PostgresJsClient, type QueryClient, queriesOf, type RunQuery } from '../postgres/postgres-client.ts'

/** A pool of `pg`, as far as it is used. */
export interface PgPool {
  readonly totalCount: number
  query: QueryClient['query']
  connect(): Promise<PgPoolClient>
}

interface PgPoolClient extends QueryClient {
  release(error?: Error | boolean): void
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}

/** The `sql` of the package `postgres`, as far as it is used. */
export interface PostgresJsTransactions extends PostgresJsClient {
  begin(options: string, work: (sql: PostgresJsClient) => Promise<unknown>): Promise<unknown>
}

/** A PGlite, as far as it is used. */
export interface PgliteTransactions extends QueryClient {
  transaction(work: (transaction: QueryClient) => Promise<unknown>): Promise<unknown>
}

/** Whatever the default is, each statement sees what was committed before it: who waited for a lock sees what its last holder did. */
const READ_COMMITTED = 'isolation level read committed'

/** Runs work in a transaction of its own: committed when it resolves, rolled back when it rejects. */
export type InTransaction = (work: (run: RunQuery) => Promise<void>) => Promise<void>

/** @throws HF_OPTION_INVALID */
export function transactionsOf(client: PgPool | PostgresJsTransactions | PgliteTransactions): InTransaction {
  if ('begin' in client && typeof client.begin === 'function')
    return async (work) => void (await client.begin(READ_COMMITTED, (sql) => work(queriesOf(sql))))
  if ('transaction' in client && typeof client.transaction === 'function')
    return async (work) => void (await client.transaction((transaction) => work(queriesOf(transaction))))
  // A client of pg has connect as well, but transactions of others would run into ours.
  if ('connect' in client && 'totalCount' in client) return (work) => inPoolTransaction(client, work)
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    'outbox was given no client that begins transactions of its own.\n  Fix: outbox(new Pool({ connectionString })), outbox(postgres(url)), or outbox(pglite).',
    { details: { option: 'client' } },
  )
}

async function inPoolTransaction(pool: PgPool, work: (run: RunQuery) => Promise<void>): Promise<void> {
  const client = await pool.connect()
  let broken: Error | undefined
  // While it is out of its pool nobody else listens, and an error that nobody hears ends the process.
  const note = (error: Error): void => {
    broken = error
  }
  client.on('error', note)
  try {
    await client.query(`begin ${READ_COMMITTED}`)
    await work(queriesOf(client))
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(note)
    throw error
  } finally {
    client.release(broken)
    if (broken === undefined) client.off('error', note)
  }
}
