import { HoldfastError } from '@holdfast/core'
import type { Claim, ClaimRequest, ClaimResult, Completion, IdempotencyStore, Renewal, WriteResult } from '../store.ts'
import { arrayLiteral } from './array-literal.ts'
import { CleanUp, type CleanUpOptions } from './clean-up.ts'
import { DEFAULT_TABLE } from './migrations.ts'
import { type PostgresClient, queriesOf, type RunQuery, retryingConflicts, sqlState } from './postgres-client.ts'
import { type Statements, statementsOf } from './statements.ts'
import { quotedTable } from './table-name.ts'

export interface PostgresStoreOptions {
  /** A table as `migrate` makes it. @default 'holdfast_claims' */
  readonly table?: string
  /** How what has expired is deleted; `false` leaves it to you. */
  readonly cleanUp?: CleanUpOptions | false
}

/**
 * Keys in a table of Postgres 12 or later. Takes a pool of `pg`, the `sql` of `postgres`, or a PGlite; closing it stays
 * with whoever made it. A call is one statement, whatever the number of keys.
 * @throws HF_OPTION_INVALID
 */
export function postgresStore(
  client: PostgresClient,
  { table = DEFAULT_TABLE, cleanUp = {} }: PostgresStoreOptions = {},
): IdempotencyStore {
  const run = retryingConflicts(queriesOf(client))
  const statements = statementsOf(quotedTable(table))
  return new PostgresStore(
    run,
    statements,
    table,
    cleanUp === false ? undefined : new CleanUp(run, statements.cleanUp, cleanUp),
  )
}

const NOT_MIGRATED: readonly unknown[] = ['42P01', '42703', '3F000']

class PostgresStore implements IdempotencyStore {
  readonly name: string = 'postgres'
  readonly #run: RunQuery
  readonly #statements: Statements
  readonly #table: string
  readonly #cleanUp: CleanUp | undefined

  constructor(run: RunQuery, statements: Statements, table: string, cleanUp: CleanUp | undefined) {
    this.#run = run
    this.#statements = statements
    this.#table = table
    this.#cleanUp = cleanUp
  }

  async check(warn: (message: string) => void): Promise<void> {
    try {
      await this.#run(this.#statements.check)
    } catch (error) {
      if (!NOT_MIGRATED.includes(sqlState(error)))
        return warn(`Postgres can't be asked for ${this.#table}: ${String(error)}`)
      throw new HoldfastError(
        'HF_STORE_REFUSED',
        `the table ${this.#table} is not there, or not as the store needs it (${String(error)}).\n  Fix: await migrate(pool), or run the text of migrationSql(), before the consumer starts.`,
        { cause: error, details: { table: this.#table } },
      )
    }
  }

  async claim(requests: readonly ClaimRequest[]): Promise<readonly ClaimResult[]> {
    if (requests.length === 0) return []
    this.#cleanUp?.noteUse()
    const rows = await this.#run(this.#statements.claim, [
      arrayLiteral(requests.map(({ key }) => key)),
      arrayLiteral(requests.map(({ owner }) => owner)),
      arrayLiteral(requests.map(({ fingerprint }) => fingerprint)),
      arrayLiteral(requests.map(({ leaseMs }) => leaseMs)),
      arrayLiteral(requests.map(({ windowMs }) => windowMs)),
    ])
    return requests.map((request, at) => claimResult(rows[at] as unknown as ClaimRow, request))
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly WriteResult[]> {
    return this.#write(this.#statements.renew, renewals, ({ leaseMs }) => String(leaseMs))
  }

  async complete(completions: readonly Completion[]): Promise<readonly WriteResult[]> {
    return this.#write(this.#statements.complete, completions, ({ result }) => result)
  }

  async release(claims: readonly Claim[]): Promise<readonly WriteResult[]> {
    return this.#write(this.#statements.release, claims, () => null)
  }

  async #write<Entry extends Claim>(
    statement: string,
    entries: readonly Entry[],
    value: (entry: Entry) => string | null,
  ): Promise<readonly WriteResult[]> {
    if (entries.length === 0) return []
    const [row] = await this.#run(statement, [
      arrayLiteral(entries.map(({ key }) => key)),
      arrayLiteral(entries.map(({ token }) => token)),
      arrayLiteral(entries.map(value)),
    ])
    return writeResults(row as unknown as WriteRow, entries.length)
  }
}

interface WriteRow {
  readonly written: unknown
  /** Entries, counted from 1, with commas; null for none. */
  readonly stale: string | null
}

function writeResults({ written, stale }: WriteRow, count: number): readonly WriteResult[] {
  const results = new Array<WriteResult>(count).fill('ok')
  const places = stale === null ? [] : stale.split(',')
  if (Number(written) + places.length !== count)
    throw new Error(`the database says of ${Number(written) + places.length} entries what became of ${count}`)
  for (const at of places) results[Number(at) - 1] = 'stale'
  return results
}

interface ClaimRow {
  /** Of a claim that was acquired. */
  readonly token: unknown
  readonly state: string | null
  readonly result: string | null
  readonly fingerprint: string | null
  readonly for_ms: unknown
}

function claimResult(row: ClaimRow, { fingerprint }: ClaimRequest): ClaimResult {
  if (row.token !== null) return { type: 'acquired', token: Number(row.token) }
  const isHeld = row.state === 'claimed' || row.state === 'done'
  if (isHeld && fingerprint !== null && row.fingerprint !== null && fingerprint !== row.fingerprint)
    return { type: 'mismatch' }
  if (row.state === 'done') return { type: 'completed', result: row.result }
  // It was taken by another at this very moment: what is read here is older, or nothing.
  return { type: 'busy', forMs: Math.max(1, Number(row.state === 'claimed' ? row.for_ms : 1)) }
}
