import { HoldfastError } from '@holdfast/core'
import { hasMethod } from '../has-method.ts'

export type Row = Record<string, unknown>

/** A pool or client of `pg`, or a PGlite, as far as it is used. */
export interface QueryClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>
}

/** The `sql` of the package `postgres`, as far as it is used. */
export interface PostgresJsClient {
  // biome-ignore lint/suspicious/noExplicitAny: its types for parameters are those of its own options
  unsafe(text: string, values?: any[], options?: { readonly prepare?: boolean }): PromiseLike<readonly unknown[]>
}

/** What statements can be sent to: a pool or client of `pg`, a PGlite, or the `sql` of `postgres`. */
export type PostgresClient = QueryClient | PostgresJsClient

/** Runs one statement. */
export type RunQuery = (text: string, values?: unknown[]) => Promise<readonly Row[]>

/** @throws HF_OPTION_INVALID */
export function queriesOf(client: PostgresClient, caller = 'postgresStore'): RunQuery {
  if (isPostgresJs(client)) {
    // Unprepared it asks for the types of the parameters first, which is a round trip more each time.
    return async (text, values = []) => (await client.unsafe(text, values, { prepare: true })) as readonly Row[]
  }
  if (hasMethod(client, 'query'))
    return async (text, values = []) => (await (client as QueryClient).query(text, values)).rows as readonly Row[]
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    `${caller} was given no client of pg, postgres or PGlite: it has neither query nor unsafe.\n  Fix: ${caller}(new Pool({ connectionString })), or ${caller}(postgres(url)).`,
    { details: { option: 'client' } },
  )
}

/**
 * What a row has, in the order of the statement: a client may have names of its own for columns (`transform` of `postgres`), and
 * numbers as texts.
 */
export function fieldsOf(row: Row | undefined): readonly unknown[] {
  return Object.values(row ?? {})
}

/** A statement of the transaction had failed. */
export const IN_FAILED_TRANSACTION = '25P02'
const CONFLICTS: readonly unknown[] = ['40001', '40P01']
const CONFLICT_ATTEMPTS = 5

/** A statement that lost to another one, by a deadlock or under a strict isolation, has done nothing, and is run again. */
export function retryingConflicts(run: RunQuery): RunQuery {
  return async (text, values) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await run(text, values)
      } catch (error) {
        if (attempt === CONFLICT_ATTEMPTS || !isConflict(error)) throw error
      }
    }
  }
}

/** By a deadlock, or under a strict isolation: nothing was done. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.includes(sqlState(error))
}

export function sqlState(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}

function isPostgresJs(client: PostgresClient): client is PostgresJsClient {
  return hasMethod(client, 'unsafe')
}
