import { HoldfastError } from '@holdfast/core'
import type { Claim, ClaimRequest, ClaimResult, Completion, IdempotencyStore, Renewal, WriteResult } from '../store.ts'
import { arrayLiteral } from './array-literal.ts'
import { CleanUp, type CleanUpOptions } from './clean-up.ts'
import { DEFAULT_TABLE } from './migrations.ts'
import {
  fieldsOf,
  type PostgresClient,
  type Row,
  type RunQuery,
  retryingConflicts,
  sqlState,
} from './postgres-client.ts'
import { preparedQueriesOf } from './prepared-queries.ts'
import { type Statements, statementsOf } from './statements.ts'
import { quotedTable } from './table-name.ts'

/** Options of `postgresStore`. */
export interface PostgresStoreOptions {
  /** A table as `migrate` makes it. @default 'holdfast_claims' */
  readonly table?: string
  /** How what has expired is deleted; `false` leaves it to you. @default { everyMs: 60000, rows: 1000 } */
  readonly cleanUp?: CleanUpOptions | false
}

/**
 * Keys in a table of Postgres 12 or later. Takes a pool of `pg`, the `sql` of `postgres`, or a PGlite; closing it stays
 * with whoever made it. A call is one statement, whatever the number of keys, and
 * a second one where others have some of them.
 * @throws HF_OPTION_INVALID
 */
export function postgresStore(
  client: PostgresClient,
  { table = DEFAULT_TABLE, cleanUp = {} }: PostgresStoreOptions = {},
): IdempotencyStore {
  const run = retryingConflicts(preparedQueriesOf(client))
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
    await this.#cleanUp
      ?.check()
      .catch((error: unknown) => warn(`what has expired can't be deleted from ${this.#table}: ${String(error)}`))
  }

  async claim(requests: readonly ClaimRequest[]): Promise<readonly ClaimResult[]> {
    if (requests.length === 0) return []
    this.#cleanUp?.noteUse()
    const [row] = await this.#run(this.#statements.claim, [
      arrayLiteral(requests.map(({ key }) => key)),
      arrayLiteral(requests.map(({ owner }) => owner)),
      arrayLiteral(requests.map(({ fingerprint }) => fingerprint)),
      arrayLiteral(unlessAlike(requests.map(({ leaseMs }) => leaseMs))),
      arrayLiteral(unlessAlike(requests.map(({ windowMs }) => windowMs))),
    ])
    const [taken, token, tokens] = fieldsOf(row) as ClaimRow
    if (tokens === null && Number(taken) === requests.length)
      return new Array<ClaimResult>(requests.length).fill(acquired(token))
    const own = new Map<string, number>(Object.entries(JSON.parse(tokens ?? '{}')))
    const others = await this.#look(requests.filter(({ key }) => !own.has(key)))
    return requests.map((request) => {
      const mine = own.get(request.key)
      return mine === undefined ? refusal(others.get(request.key), request) : acquired(mine)
    })
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
    const [written, keys] = fieldsOf(row) as WriteRow
    const some = Number(written) === entries.length ? undefined : new Set<string>(JSON.parse(keys ?? '[]'))
    return entries.map(({ key }) => (some === undefined || some.has(key) ? 'ok' : 'stale'))
  }

  async #look(requests: readonly ClaimRequest[]): Promise<Others> {
    if (requests.length === 0) return NONE
    const rows = await this.#run(this.#statements.look, [arrayLiteral(requests.map(({ key }) => key))])
    return new Map(rows.map(heldRow).map((row) => [row.key, row]))
  }
}

/**
 * How many keys were taken; the least of their tokens; by key, as JSON, the token of each where some were not taken or tokens
 * differ, else null. Clients may have numbers as texts.
 */
type ClaimRow = readonly [taken: unknown, token: unknown, tokens: string | null]

/** How many were written, and which keys these are of, as JSON, where they are not all; null for none. */
type WriteRow = readonly [written: unknown, keys: string | null]

interface HeldRow {
  readonly key: string
  readonly state: string
  readonly result: string | null
  readonly fingerprint: string | null
  readonly forMs: unknown
}

function heldRow(row: Row): HeldRow {
  const [key, state, result, fingerprint, forMs] = fieldsOf(row)
  return { key, state, result, fingerprint, forMs } as HeldRow
}

type Others = ReadonlyMap<string, HeldRow>
const NONE: Others = new Map()

/** One of them where all are the same. */
function unlessAlike(values: readonly number[]): readonly number[] {
  return values.every((value) => value === values[0]) ? values.slice(0, 1) : values
}

function acquired(token: unknown): ClaimResult {
  return { type: 'acquired', token: Number(token) }
}

/** Why a key was not taken. Where it is not held any more, it was at that moment, and is looked at again. */
function refusal(row: HeldRow | undefined, { fingerprint }: ClaimRequest): ClaimResult {
  const isOver = row?.state === 'claimed' && Number(row.forMs) <= 0
  if (row === undefined || row.state === 'free' || isOver) return { type: 'busy', forMs: 1 }
  if (fingerprint !== null && row.fingerprint !== null && fingerprint !== row.fingerprint) return { type: 'mismatch' }
  if (row.state === 'done') return { type: 'completed', result: row.result }
  return { type: 'busy', forMs: Number(row.forMs) }
}
