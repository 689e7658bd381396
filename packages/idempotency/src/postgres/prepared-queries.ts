import { createHash } from 'node:crypto'
import { hasMethod } from '../has-method.ts'
import { type PostgresClient, queriesOf, type Row, type RunQuery, sqlState } from './postgres-client.ts'

/** A pool or client of `pg`, as far as it prepares statements. */
interface PreparingClient {
  query(statement: {
    readonly name: string
    readonly text: string
    readonly values: unknown[]
  }): Promise<{ readonly rows: unknown[] }>
}

/**
 * Has each connection prepare the statements that have parameters, which spares the server a quarter of its work. A connection
 * that is not the same for the next statement, as behind a pooler, refuses before it runs anything; from then on none is prepared.
 * @throws HF_OPTION_INVALID
 */
export function preparedQueriesOf(client: PostgresClient): RunQuery {
  const run = queriesOf(client)
  if (!isOfPg(client)) return run
  const names = new Map<string, string>()
  let isRefused = false
  return async (text, values) => {
    if (isRefused || values === undefined) return run(text, values)
    const name = names.get(text) ?? nameOf(text)
    names.set(text, name)
    try {
      return (await client.query({ name, text, values })).rows as readonly Row[]
    } catch (error) {
      if (!REFUSALS.includes(sqlState(error))) throw error
      isRefused = true
      return run(text, values)
    }
  }
}

/** No such statement; there is one of that name; the one there is does not fit the table any more. */
const REFUSALS: readonly unknown[] = ['26000', '42P05', '0A000']

/** Connections of one pooler share their statements' names: the same one must stand for the same text. */
function nameOf(text: string): string {
  return `holdfast_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
}

/** A PGlite has no names for statements, and `postgres` prepares by itself. */
function isOfPg(client: unknown): client is PreparingClient {
  return hasMethod(client, 'query') && hasMethod(client, 'connect') && !hasMethod(client, 'unsafe')
}
