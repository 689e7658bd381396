import { HoldfastError } from '@holdfast/core'
import { hasMethod } from '../has-method.ts'
import {
  IN_FAILED_TRANSACTION,
  type PostgresClient,
  type PostgresJsClient,
  type QueryClient,
} from './postgres-client.ts'

/** A pool of `pg`, as far as it is used. */
export interface PgPool {
  readonly totalCount: number
  query: QueryClient['query']
  connect(): Promise<PgPoolClient>
}

/** A client of a pool of `pg`, as far as it is used. */
export interface PgPoolClient extends QueryClient {
  release(error?: Error | boolean): void
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}

/** The `sql` of the package `postgres`, as far as it is used. */
export interface PostgresJsTransactions extends PostgresJsClient {
  // biome-ignore lint/suspicious/noExplicitAny: what it gives to the function is a type of its own
  begin(options: string, work: (sql: any) => Promise<unknown>): Promise<unknown>
}

/** A PGlite, as far as it is used. */
export interface PgliteTransactions extends QueryClient {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  transaction(work: (transaction: any) => Promise<unknown>): Promise<unknown>
}

/** What can begin transactions of its own. */
export type TransactionClient = PgPool | PostgresJsTransactions | PgliteTransactions

/** Runs work in a transaction of its own: committed when it resolves, rolled back when it rejects. */
export type RunInTransaction = (work: (transaction: PostgresClient) => Promise<void>) => Promise<void>

/**
 * `options` are those of `begin`, such as an isolation level; a PGlite has its default.
 * @throws HF_OPTION_INVALID
 */
export function transactionsOf(client: TransactionClient, user: string, options = ''): RunInTransaction {
  if (hasMethod(client, 'begin'))
    return async (work) => void (await (client as PostgresJsTransactions).begin(options, work))
  if (hasMethod(client, 'transaction'))
    return async (work) => void (await (client as PgliteTransactions).transaction(work))
  // A client of pg has connect as well, but transactions of others would run into ours.
  if (hasMethod(client, 'connect') && 'totalCount' in client) return (work) => inPool(client as PgPool, options, work)
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    `${user} was given no client that begins transactions of its own.\n  Fix: ${user}(new Pool({ connectionString })), ${user}(postgres(url)), or ${user}(pglite).`,
    { details: { option: 'client' } },
  )
}

async function inPool(
  pool: PgPool,
  options: string,
  work: (transaction: PostgresClient) => Promise<void>,
): Promise<void> {
  const client = await pool.connect()
  let broken: Error | undefined
  // While it is out of its pool nobody else listens, and an error that nobody hears ends the process.
  const note = (error: Error): void => {
    broken = error
  }
  client.on('error', note)
  try {
    await client.query(`begin ${options}`)
    await work(client)
    const { command } = (await client.query('commit')) as { readonly command?: string }
    // What fails behind the last statement that was awaited has Postgres roll back, and say so without an error.
    if (command === 'ROLLBACK') throw rolledBack()
  } catch (error) {
    await client.query('rollback').catch(note)
    throw error
  } finally {
    client.release(broken)
    if (broken === undefined) client.off('error', note)
  }
}

function rolledBack(): Error {
  const error = new Error(
    'the transaction was rolled back, because one of its statements had failed.\n  Fix: await everything that is done in it.',
  )
  return Object.assign(error, { code: IN_FAILED_TRANSACTION })
}
