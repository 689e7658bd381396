import { randomUUID } from 'node:crypto'
import type { AssignedPartition, AttemptCall } from '@holdfast/core'
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { queriesOf, type RunQuery } from '../../src/postgres/postgres-client.ts'
import { Partitions } from '../../src/transaction/partitions.ts'
import { migrateProgress, progressStatements } from '../../src/transaction/tables.ts'

const table = `progress_${randomUUID().replaceAll('-', '')}`
const pool = new Pool({ connectionString: inject('databaseUrl'), max: 8 })
const run = queriesOf(pool)
const statements = progressStatements(table)
beforeAll(() => migrateProgress(pool, table))
afterAll(async () => {
  await pool.query(`drop table ${table}, ${table}_done`)
  await pool.end()
})

const member = (ask: RunQuery = run): Partitions => new Partitions(ask, statements)
const newTopic = (): string => `t-${randomUUID()}`
const assignedOf = (topic: string, count: number): AssignedPartition[] =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition, position: 5, committed: 5 }))
const positionsOf = (starts: readonly AssignedPartition[]): number[] => starts.map(({ position }) => position)
const attempt = (topic: string, partition: number): AttemptCall =>
  ({ groupId: 'g', topic, partition, epoch: 1 }) as unknown as AttemptCall
const owned = async (topic: string) =>
  (await pool.query(`select partition, epoch::int from ${table} where topic = $1 order by partition`, [topic])).rows

/** A transaction that has noted a record of the partition, and is not committed yet. */
async function holding(topic: string, partition: number, epoch: number) {
  const client = await pool.connect()
  const ended = new Promise<Error>((resolve) => client.on('error', resolve))
  await client.query('begin')
  await client.query(statements.note, ['g', topic, partition, epoch, [7]])
  return {
    ended,
    commit: () => client.query('commit'),
    [Symbol.asyncDispose]: async () => client.release(true),
  }
}

test('an assignment is taken over with two statements, however many partitions it has', async () => {
  const topic = newTopic()
  const asked: string[] = []
  const counting: RunQuery = (text, values) => {
    asked.push(text)
    return run(text, values)
  }
  expect(positionsOf(await member(counting).startsAt('g', assignedOf(topic, 40)))).toEqual(Array(40).fill(5))
  expect(asked).toEqual([statements.claimFree, statements.done])
  await pool.query(`update ${table} set position = partition where topic = $1`, [topic])
  await pool.query(`insert into ${table}_done select 'g', $1, 3, unnest(array[4, 6])`, [topic])
  // Half of them are there already, the others come now; of other groups and topics nothing is taken.
  await member().startsAt('other', assignedOf(topic, 80))
  const next = member(counting)
  const starts = await next.startsAt('g', assignedOf(topic, 80))
  expect(asked.slice(2)).toEqual([statements.claimFree, statements.done])
  expect(positionsOf(starts)).toEqual([...Array(40).keys(), ...Array(40).fill(5)])
  const known = await next.of(attempt(topic, 3))
  expect([2, 3, 4, 5, 6].map((offset) => known.isDone({ offset }))).toEqual([true, false, true, false, true])
  expect((await next.of(attempt(topic, 4))).isDone({ offset: 4 })).toBe(false)
  expect(asked).toHaveLength(4)
})

test('a transaction that is under way delays its own partition, and no other; what it commits is seen', async () => {
  const topic = newTopic()
  await member().startsAt('g', assignedOf(topic, 3))
  await using holder = await holding(topic, 1, 1)
  const next = member()
  const starts = next.startsAt('g', assignedOf(topic, 3))
  expect((await next.of(attempt(topic, 0))).epoch).toBe(2)
  expect((await next.of(attempt(topic, 2))).epoch).toBe(2)
  expect((await owned(topic)).map(({ epoch }) => epoch)).toEqual([2, 1, 2])
  await holder.commit()
  await starts
  const known = await next.of(attempt(topic, 1))
  expect([known.epoch, known.isDone({ offset: 7 })]).toEqual([2, true])
})

test('a process that stands still between its note and its commit does not hold its partition for ever', async () => {
  const topic = newTopic()
  await member().startsAt('g', assignedOf(topic, 1))
  await using still = await holding(topic, 0, 1)
  const next = member()
  const known = next.of(attempt(topic, 0))
  await expect(still.ended).resolves.toMatchObject({ code: '25P03' })
  expect((await known).isDone({ offset: 7 })).toBe(false)
}, 30_000)

test('members that are assigned the same at once: each partition ends with one of them, and the others are fenced', async () => {
  const topic = newTopic()
  const assigned = assignedOf(topic, 60)
  const members = [member(), member(), member(), member()]
  await Promise.all(members.map((each, at) => each.startsAt('g', at % 2 ? assigned.toReversed() : assigned)))
  const rows = await owned(topic)
  expect(rows.map(({ epoch }) => epoch)).toEqual(Array(60).fill(4))
  for (const { partition } of rows) {
    const epochs = await Promise.all(members.map(async (each) => (await each.of(attempt(topic, partition))).epoch))
    expect(epochs.toSorted()).toEqual([1, 2, 3, 4])
  }
})

test('under a default of serializable transactions it is taken over all the same', async () => {
  const topic = newTopic()
  const strict = new Pool({
    connectionString: inject('databaseUrl'),
    options: '-c default_transaction_isolation=serializable',
  })
  const assigned = assignedOf(topic, 20)
  const ask = queriesOf(strict)
  await Promise.all([member(ask), member(ask), member(ask)].map((each) => each.startsAt('g', assigned)))
  expect((await owned(topic)).map(({ epoch }) => epoch)).toEqual(Array(20).fill(3))
  await strict.end()
})

test('what was read of a partition before its reset was noted does not count', async () => {
  const topic = newTopic()
  const [noted, read] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const asked: string[] = []
  const slow: RunQuery = async (text, values) => {
    asked.push(text)
    if (text === statements.reset) await noted.promise
    const rows = await run(text, values)
    // The second take has its row by then.
    if (text === statements.claim && asked.includes(statements.reset)) await read.promise
    return rows
  }
  const one = member(slow)
  await one.startsAt('g', assignedOf(topic, 1))
  await pool.query(`update ${table} set position = 5 where topic = $1`, [topic])
  one.reset('g', { topic, partition: 0 }, 0)
  const ends: string[] = []
  const end = (at: Promise<unknown>): Promise<unknown> =>
    at.then(
      () => ends.push('known'),
      ({ cause }) => ends.push(cause.code),
    )
  const first = end(one.of(attempt(topic, 0)))
  await expect.poll(() => asked).toContain(statements.reset)
  one.doubt(attempt(topic, 0))
  const second = end(one.of(attempt(topic, 0)))
  await expect.poll(() => asked.at(-1)).toBe(statements.claim)
  noted.resolve()
  await expect
    .poll(async () => (await pool.query(`select reset_to::int from ${table} where topic = $1`, [topic])).rows)
    .toEqual([{ reset_to: 0 }])
  read.resolve()
  await Promise.all([first, second])
  await end(one.of(attempt(topic, 0)))
  expect(ends).toEqual(Array(3).fill('HF_PROGRESS_CONFLICT'))
})
