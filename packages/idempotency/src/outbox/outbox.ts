import type { OutgoingRecord } from '@holdfast/core'
import { type PostgresClient, queriesOf } from '../postgres/postgres-client.ts'
import { quotedTable } from '../postgres/table-name.ts'
import {
  type PgliteTransactions,
  type PgPool,
  type PostgresJsTransactions,
  transactionsOf,
} from '../postgres/transactions.ts'
import { heard } from './heard.ts'
import { DEFAULT_TABLE } from './migrations.ts'
import { parametersOf } from './record-rows.ts'
import { PassingRelay, type Relay } from './relay.ts'
import { type RelayOptions, relaySettings } from './relay-options.ts'
import { relayPass } from './relay-pass.ts'
import { outboxStatements } from './statements.ts'

/**
 * Whatever the default is, each statement sees what was committed before it: who waited for a lock sees what its last holder
 * did.
 */
const READ_COMMITTED = 'isolation level read committed'

/** A pool of `pg`, the `sql` of `postgres`, or a PGlite. */
export type OutboxClient = PgPool | PostgresJsTransactions | PgliteTransactions

/** Options of `outbox`. */
export interface OutboxOptions {
  /** A table as `migrate` makes it. @default 'holdfast_outbox' */
  readonly table?: string
}

/** A table of messages, what puts them in, and what writes them to Kafka. */
export interface Outbox {
  /**
   * Puts messages into the table, in this order, with one statement: in the transaction of the handle that it is given, which
   * is the client that `begin` was sent to, the `sql` of `sql.begin`, or the transaction of PGlite. Answers the ids that the header
   * `holdfast-outbox-id` will carry.
   * @throws HF_RECORD_REFUSED, HF_OPTION_INVALID; what the client throws
   */
  enqueue(transaction: PostgresClient, records: readonly OutgoingRecord[]): Promise<readonly string[]>
  /**
   * Writes to Kafka what was committed, each message at least once and with its id, those that were enqueued one after the other
   * in their order. Any number of processes may run one: a single one is at work at any moment, and when it ends another goes on.
   * @throws HF_OPTION_INVALID
   */
  relay(options: RelayOptions): Relay
}

/**
 * Messages that are part of a transaction of Postgres 12 or later: they are written to Kafka if it commits, and only then.
 * Closing the client stays with whoever made it.
 * @throws HF_OPTION_INVALID
 */
export function outbox(client: OutboxClient, { table = DEFAULT_TABLE }: OutboxOptions = {}): Outbox {
  const inTransaction = transactionsOf(client, 'outbox', READ_COMMITTED)
  const statements = outboxStatements(quotedTable(table))
  return {
    async enqueue(transaction, records) {
      if (records.length === 0) return []
      const { ids, values } = parametersOf(records)
      await queriesOf(transaction, 'enqueue')(statements.enqueue, values)
      return ids
    },
    relay(options) {
      const settings = relaySettings(options)
      const report = heard(settings.onError)
      return new PassingRelay(relayPass(inTransaction, statements, settings, report), settings, report)
    },
  }
}
