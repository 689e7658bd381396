import { randomUUID } from 'node:crypto'
import type { OutgoingRecord } from '@holdfast/core'
import { Pool } from 'pg'
import { inject } from 'vitest'
import { migrate } from '../../src/outbox/migrations.ts'
import { type Outbox, outbox } from '../../src/outbox/outbox.ts'
import type { Relay } from '../../src/outbox/relay.ts'
import type { RelayOptions } from '../../src/outbox/relay-options.ts'

export function message(value: string, fields: Partial<OutgoingRecord> = {}): OutgoingRecord {
  return { topic: 'mails', key: Buffer.from('k'), value: Buffer.from(value), headers: [], ...fields }
}

export const valuesOf = (records: readonly OutgoingRecord[]): string[] => records.map(({ value }) => String(value))

/** An outbox with a table of its own in the run's Postgres, and relays on it that stop with it. */
export class OutboxScene implements AsyncDisposable {
  readonly pool = new Pool({ connectionString: inject('databaseUrl') })
  readonly table = `outbox_${randomUUID().replaceAll('-', '')}`
  readonly outbox: Outbox = outbox(this.pool, { table: this.table })
  readonly errors: unknown[] = []
  readonly #relays: Relay[] = []

  static async set(): Promise<OutboxScene> {
    const scene = new OutboxScene()
    await migrate(scene.pool, scene.table)
    return scene
  }

  /** A relay that was started. */
  relay(produce: RelayOptions['produce'], options: Partial<RelayOptions> = {}): Relay {
    const relay = this.outbox.relay({
      produce,
      onError: (error) => void this.errors.push(error),
      pollIntervalMs: 20,
      retryBackoffMs: 20,
      ...options,
    })
    this.#relays.push(relay)
    relay.start()
    return relay
  }

  async left(): Promise<number> {
    const { rows } = await this.pool.query(`select count(*)::int as n from ${this.table}`)
    return rows[0].n
  }

  /** Ends the connection that holds the lock of the relay, as the death of its process does. */
  async killRelaySession(): Promise<void> {
    await this.pool.query(
      `select pg_terminate_backend(pid) from pg_locks
       where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())
         and ((classid::bigint << 32) | objid::bigint) = hashtextextended('holdfast outbox ' || $1::regclass::oid, 0)`,
      [this.table],
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#relays.map((relay) => relay.stop()))
    await this.pool.query(`drop table ${this.table}`)
    await this.pool.end()
  }
}
