import postgres from 'postgres'
import { expect, inject, test } from 'vitest'
import { queriesOf, sqlState } from '../../src/postgres/postgres-client.ts'
import { type PostgresJsTransactions, transactionsOf } from '../../src/postgres/transactions.ts'

test('a transaction of postgres that writes nothing takes no id, of which there are four billion', async () => {
  const sql = postgres(inject('databaseUrl'), { max: 1 })
  const asked: string[] = []
  const client: PostgresJsTransactions = {
    unsafe: (text, values, options) => {
      asked.push(text)
      return sql.unsafe(text, values, options)
    },
    begin: (options, work) =>
      sql.begin(options, async (transaction) => {
        await work(transaction)
        asked.push(String((await transaction`select txid_current_if_assigned()::text as id`)[0]?.id))
      }),
  }
  const runIn = transactionsOf(client, 'test')
  await runIn(async (transaction) => void (await queriesOf(transaction)('select 1')))
  expect(asked).toEqual(['null'])
  await runIn(async (transaction) => void (await queriesOf(transaction)('create temporary table t (a integer)')))
  expect(asked).toHaveLength(3)
  await sql.end()
})

test('where the server cannot say what became of a transaction, as after a failover, that is no refusal of it', async () => {
  const sql = postgres(inject('databaseUrl'), { max: 1 })
  const client: PostgresJsTransactions = {
    // What Postgres answers for a transaction that this server has never had.
    unsafe: (text) => sql.unsafe(text, ['18446744073709551'], { prepare: true }),
    begin: (options, work) => sql.begin(options, work),
  }
  const work = transactionsOf(
    client,
    'test',
  )(async (transaction) => void (await queriesOf(transaction)('create temporary table t (a integer)')))
  const error = await work.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ cause: { code: '22023' } })
  expect(sqlState(error)).toBeUndefined()
  await sql.end()
})
