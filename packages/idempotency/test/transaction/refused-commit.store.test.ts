import { randomUUID } from 'node:crypto'
import type { AttemptCall } from '@holdfast/core'
import { Pool, type PoolClient } from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { inTransaction } from '../../src/transaction/in-transaction.ts'
import { migrateProgress } from '../../src/transaction/tables.ts'

const table = `progress_${randomUUID().replaceAll('-', '')}`
const effects = `${table}_effects`
const pool = new Pool({ connectionString: inject('databaseUrl') })
beforeAll(async () => {
  await migrateProgress(pool, table)
  await pool.query(
    `create table ${effects} (id text primary key, parent text references ${effects} deferrable initially deferred)`,
  )
})
afterAll(async () => {
  await pool.query(`drop table ${table}, ${table}_done, ${effects}`)
  await pool.end()
})

function attempt(): AttemptCall {
  const topic = `t-${randomUUID()}`
  const record = { topic, partition: 0, offset: 0 }
  const fields = { topic, partition: 0, groupId: 'g', epoch: 1, batch: false, records: [record], record, raw: [record] }
  return { ...fields, signal: new AbortController().signal } as unknown as AttemptCall
}

function handle(work: (transaction: PoolClient) => Promise<unknown>): Promise<unknown> {
  const { middleware, of } = inTransaction<PoolClient>(pool, { table })
  const call = attempt()
  return Promise.resolve(middleware(call, () => work(of(call.record))))
}

test('what fails behind the end of the handler rolls everything back, and the record does not count as done', async () => {
  const id = randomUUID()
  const handled = handle(async (transaction) => {
    await transaction.query(`insert into ${effects} values ($1)`, [id])
    // Nobody waits for it: the second of these statements comes between the note and the commit.
    void transaction
      .query('select 1')
      .then(() => transaction.query('select 1/0'))
      .catch(() => undefined)
  })
  await expect(handled).rejects.toThrow(/was rolled back/)
  expect((await pool.query(`select 1 from ${effects} where id = $1`, [id])).rowCount).toBe(0)
})

test('postgres: whatever fails unheard before, at or behind the commit, a record counts as done where its effect is there', async () => {
  const sql = postgres(inject('databaseUrl'), { onnotice: () => undefined })
  const { middleware, of } = inTransaction<postgres.TransactionSql>(sql, { table })
  const ends: string[] = []
  for (let statements = 0; statements < 8; statements += 1) {
    const [id, call] = [randomUUID(), attempt()]
    const handled = middleware(call, async () => {
      const transaction = of(call.record)
      await transaction`insert into ${transaction(effects)} values (${id})`
      let behind: Promise<unknown> = Promise.resolve()
      for (let statement = 0; statement < statements; statement += 1) behind = behind.then(() => transaction`select 1`)
      void behind.then(() => transaction`select 1/0`).catch(() => undefined)
    })
    const isDone = await Promise.resolve(handled).then(
      () => true,
      () => false,
    )
    const { count } = await sql`select 1 from ${sql(effects)} where id = ${id}`
    ends.push(`${isDone ? 'done' : 'failed'}, ${count}`)
  }
  await sql.end()
  expect(ends.filter((end) => end !== 'done, 1' && end !== 'failed, 0')).toEqual([])
  expect(ends).toContain('failed, 0')
})

const THE_HANDLERS = { name: expect.not.stringMatching(/^(?:Unavailable|RetryLater)$/) }

test('a statement that fails and is caught fails the attempt, and is no outage', async () => {
  const handled = handle((transaction) => transaction.query('select 1/0').catch(() => undefined))
  await expect(handled).rejects.toMatchObject({ ...THE_HANDLERS, code: '25P02' })
  const sql = postgres(inject('databaseUrl'), { onnotice: () => undefined })
  const { middleware, of } = inTransaction<postgres.TransactionSql>(sql, { table })
  const call = attempt()
  const other = Promise.resolve(middleware(call, () => of(call.record)`select 1/0`.catch(() => undefined)))
  await expect(other).rejects.toMatchObject({ ...THE_HANDLERS, code: '22012' })
  await sql.end()
})

test('a constraint that refuses the commit fails the attempt, and is no outage', async () => {
  const handled = handle((transaction) =>
    transaction.query(`insert into ${effects} values ($1, 'nobody')`, [randomUUID()]),
  )
  await expect(handled).rejects.toMatchObject({ ...THE_HANDLERS, code: '23503' })
})
