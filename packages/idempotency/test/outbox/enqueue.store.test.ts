import { randomUUID } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import type { OutgoingRecord } from '@holdfast/core'
import { Client, Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { migrate, migrationSql } from '../../src/outbox/migrations.ts'
import { type OutboxClient, outbox } from '../../src/outbox/outbox.ts'
import type { PostgresClient } from '../../src/postgres/postgres-client.ts'
import { message, valuesOf } from '../support/outbox-scene.ts'

const url = inject('databaseUrl')
const pool = new Pool({ connectionString: url })
const sql = postgres(url, { onnotice: () => undefined })
const lite = new PGlite()
const tables: string[] = []
afterAll(async () => {
  for (const table of tables) await pool.query(`drop table if exists ${table}`)
  await Promise.all([pool.end(), sql.end(), lite.close()])
})

type Work = (transaction: PostgresClient) => Promise<void>
const clients: readonly (readonly [string, OutboxClient, (work: Work) => Promise<unknown>])[] = [
  ['pg', pool, inPgTransaction],
  ['postgres', sql, (work) => sql.begin((handle) => work(handle))],
  ['PGlite', lite, (work) => lite.transaction((handle) => work(handle))],
]

async function inPgTransaction(work: Work): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await work(client)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

/** Relays until nothing comes any more. */
async function relayAll(client: OutboxClient, table: string): Promise<OutgoingRecord[]> {
  const written: OutgoingRecord[] = []
  const errors: unknown[] = []
  const relay = outbox(client, { table }).relay({
    produce: async (records) => void written.push(...records),
    onError: (error) => void errors.push(error),
    pollIntervalMs: 60_000,
  })
  relay.start()
  await expect.poll(() => [relay.relayed, errors]).toEqual([expect.any(Number), []])
  await expect
    .poll(async () => {
      relay.notify()
      return (await countOf(client, table)) + errors.length
    })
    .toBe(0)
  await relay.stop()
  return written
}

async function countOf(client: OutboxClient, table: string): Promise<number> {
  const text = `select count(*)::int as n from ${table}`
  const rows = 'unsafe' in client ? await client.unsafe(text) : (await client.query(text)).rows
  return (rows[0] as { n: number }).n
}

const ODD = [
  message('first', { headers: [] }),
  message('', { key: null, value: null, partition: 3, timestamp: 1_700_000_000_123 }),
  message('odd', {
    topic: 'other.topic',
    key: Buffer.from([0, 255, 92, 34, 44, 123]),
    value: Buffer.alloc(0),
    headers: [
      ['twice', Buffer.from([0, 200])],
      ['twice', null],
      ['nul \0 "quoted" {é}', Buffer.alloc(0)],
    ],
  }),
  message('last'),
]

for (const [name, client, inTransaction] of clients) {
  const table = `outbox_${name.toLowerCase()}_${randomUUID().replaceAll('-', '')}`
  tables.push(table)
  beforeAll(() => Promise.all([migrate(client, table), migrate(client, table)]))

  test(`${name}: what a transaction enqueues comes out as it was, in order and with its ids; what is rolled back does not`, async () => {
    const box = outbox(client, { table })
    let ids: readonly string[] = []
    await inTransaction(async (handle) => {
      ids = await box.enqueue(handle, ODD)
    })
    await expect(
      inTransaction(async (handle) => {
        await box.enqueue(handle, [message('never')])
        throw new Error('rolled back')
      }),
    ).rejects.toThrow('rolled back')
    expect(await box.enqueue(client, [])).toEqual([])
    const [more] = await box.enqueue(client, [message('by the client itself')])
    const written = await relayAll(client, table)
    const byTopic = (topic: string) => written.filter((record) => record.topic === topic)
    const expected = [...ODD, message('by the client itself')].map((record, at) => ({
      partition: undefined,
      timestamp: undefined,
      ...record,
      headers: [...record.headers, ['holdfast-outbox-id', Buffer.from([...ids, more][at] as string)]],
    }))
    expect(byTopic('mails')).toEqual(expected.filter(({ topic }) => topic === 'mails'))
    expect(byTopic('other.topic')).toEqual(expected.filter(({ topic }) => topic === 'other.topic'))
  })
}

test('a thousand messages of one call keep their order', async () => {
  const values = Array.from({ length: 1_000 }, (_, at) => String(at))
  const [table] = tables as [string]
  await outbox(pool, { table }).enqueue(
    pool,
    values.map((value) => message(value)),
  )
  expect(valuesOf(await relayAll(pool, table))).toEqual(values)
})

test('a message that is passed on from another outbox has the id of this one only', async () => {
  const [table] = tables as [string]
  const headers = [['holdfast-outbox-id', Buffer.from('old')]] as const
  const [id] = await outbox(pool, { table }).enqueue(pool, [message('passed on', { headers })])
  const [written] = await relayAll(pool, table)
  expect(written?.headers).toEqual([['holdfast-outbox-id', Buffer.from(id as string)]])
})

test('bytes that are no Buffer are taken as bytes, and a text is refused', async () => {
  const [table] = tables as [string]
  const box = outbox(pool, { table })
  const value = new Uint8Array([9, 0, 200, 9]).subarray(1, 3)
  await box.enqueue(pool, [message('', { value: value as Buffer })])
  await expect(box.enqueue(pool, [message('', { value: 'text' as never })])).rejects.toThrow(TypeError)
  const [written] = await relayAll(pool, table)
  expect(written?.value).toEqual(Buffer.from([0, 200]))
})

test('the SQL of the migration runs as a text, and again', async () => {
  const table = `outbox_text_${randomUUID().replaceAll('-', '')}`
  tables.push(table)
  for (let round = 0; round < 2; round += 1) await pool.query(migrationSql(table))
  expect(await countOf(pool, table)).toBe(0)
})

test('what cannot be a topic, or a client, is refused', async () => {
  const [table] = tables as [string]
  const box = outbox(pool, { table })
  for (const topic of ['', '..', 'a b', 'a\0', 'x'.repeat(250)])
    await expect(box.enqueue(pool, [message('m'), message('m', { topic })])).rejects.toMatchObject({
      code: 'HF_RECORD_REFUSED',
    })
  await expect(box.enqueue({} as never, [message('m')])).rejects.toThrow(/enqueue was given no client/)
  expect(await countOf(pool, table)).toBe(0)
  for (const client of [{}, new Client()])
    expect(() => outbox(client as never)).toThrow(/no client that begins transactions of its own/)
})
