import { HoldfastError } from '@holdfast/core'
import { hasMethod } from '../has-method.ts'
import {
  fieldsOf,
  IN_FAILED_TRANSACTION,
  type PostgresClient,
  type PostgresJsClient,
  type QueryClient,
  queriesOf,
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

/**
 * Runs work in a transaction of its own: committed when it resolves, rolled back when it rejects. A signal that aborts gives it up,
 * as of a server that says nothing any more; whether it was committed nobody knows then.
 */
export type RunInTransaction = (
  work: (transaction: PostgresClient) => Promise<void>,
  signal?: AbortSignal,
) => Promise<void>

/**
 * `options` are those of `begin`, such as an isolation level; a PGlite has its default.
 * @throws HF_OPTION_INVALID
 */
export function transactionsOf(client: TransactionClient, user: string, options = ''): RunInTransaction {
  if (hasMethod(client, 'begin'))
    return (work, signal) => unlessAborted(inBegin(client as PostgresJsTransactions, options, work), signal)
  if (hasMethod(client, 'transaction'))
    return (work, signal) => unlessAborted((client as PgliteTransactions).transaction(work), signal)
  // A client of pg has connect as well, but transactions of others would run into ours.
  if (hasMethod(client, 'connect') && 'totalCount' in client)
    return (work, signal) => unlessAborted(inPool(client as PgPool, options, work, signal), signal)
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    `${user} was given no client that begins transactions of its own.\n  Fix: ${user}(new Pool({ connectionString })), ${user}(postgres(url)), or ${user}(pglite).`,
    { details: { option: 'client' } },
  )
}

/**
 * Says nothing of a commit that was answered with a rollback: so the server is asked what became of the transaction, where that has
 * written anything, and so has an id.
 */
async function inBegin(
  sql: PostgresJsTransactions,
  options: string,
  work: (transaction: PostgresClient) => Promise<void>,
): Promise<void> {
  let id: unknown
  await sql.begin(options, async (transaction) => {
    await work(transaction)
    const [row] = await queriesOf(transaction)('select txid_current_if_assigned()::text')
    ;[id] = fieldsOf(row)
  })
  if (id === null) return
  const [row] = await queriesOf(sql)('select txid_status($1::text::bigint)', [id]).catch((cause: unknown) => {
    // Its code, as after a failover to a server that has never had the transaction, says nothing of what was done in it.
    throw new Error('the server does not say what became of a transaction', { cause })
  })
  if (fieldsOf(row)[0] === 'aborted') throw rolledBack()
}

async function inPool(
  pool: PgPool,
  options: string,
  work: (transaction: PostgresClient) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const client = await pool.connect()
  let isReleased = false
  let broken: Error | undefined
  // While it is out of its pool nobody else listens, and an error that nobody hears ends the process.
  const note = (error: Error): void => {
    broken = error
  }
  client.on('error', note)
  /** Given back as broken it is closed, and what waits for an answer of it fails. */
  const release = (): void => {
    if (signal?.aborted === true) broken ??= signal.reason as Error
    if (!isReleased) client.release(broken)
    isReleased = true
  }
  signal?.addEventListener('abort', release, { once: true })
  try {
    signal?.throwIfAborted()
    await client.query(`begin ${options}`)
    await work(client)
    const { command } = (await client.query('commit')) as { readonly command?: string }
    // What fails behind the last statement that was awaited has Postgres roll back, and say so without an error.
    if (command === 'ROLLBACK') throw rolledBack()
  } catch (error) {
    await client.query('rollback').catch(note)
    throw error
  } finally {
    signal?.removeEventListener('abort', release)
    release()
    if (broken === undefined) client.off('error', note)
  }
}

async function unlessAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return void (await work)
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function rolledBack(): Error {
  const error = new Error(
    'the transaction was rolled back, because one of its statements had failed.\n  Fix: await everything that is done in it.',
  )
  return Object.assign(error, { code: IN_FAILED_TRANSACTION })
}
