import { once } from 'node:events'
import { HoldfastError, type OutgoingRecord } from '@holdfast/core'
import { expect, test } from 'vitest'
import { outboxStatements } from '../../src/outbox/statements.ts'
import { quotedTable } from '../../src/postgres/table-name.ts'
import { message, OutboxScene, valuesOf } from '../support/outbox-scene.ts'

const idOf = ({ headers }: OutgoingRecord): string => String(headers.at(-1)?.[1])

test('what was not acknowledged stays and is written again when the topic takes it, in order and with its ids', async () => {
  await using scene = await OutboxScene.set()
  const ids = await scene.outbox.enqueue(
    scene.pool,
    ['1', '2', '3'].map((value) => message(value)),
  )
  const written: OutgoingRecord[] = []
  let refusals = 3
  const relay = scene.relay(async (records) => {
    if (refusals-- > 0) throw new Error('no leader')
    written.push(...records)
  })
  await expect.poll(() => relay.relayed).toBe(3)
  expect(scene.errors).toHaveLength(3)
  expect(valuesOf(written)).toEqual(['1', '2', '3'])
  expect(written.map(idOf)).toEqual(ids)
  expect(await scene.left()).toBe(0)
})

test('a message that its topic refuses holds up only its topic, and repeats nothing but itself', async () => {
  await using scene = await OutboxScene.set()
  const poison = message('poison', { topic: 'narrow' })
  await scene.outbox.enqueue(scene.pool, [
    message('a', { topic: 'narrow' }),
    poison,
    message('b', { topic: 'narrow' }),
    message('c', { topic: 'wide' }),
  ])
  const calls: string[] = []
  scene.relay(async (records) => {
    calls.push(valuesOf(records).join())
    if (records.some(({ value }) => String(value) === 'poison')) throw new Error('too large')
  })
  await expect.poll(() => calls.filter((call) => call === 'poison').length).toBeGreaterThan(2)
  expect(calls.filter((call) => call !== 'poison').sort()).toEqual(['a', 'a,poison,b', 'c', 'poison,b'])
  await scene.outbox.enqueue(scene.pool, [message('d', { topic: 'wide' })])
  await expect.poll(() => calls).toContain('d')
  await scene.pool.query(`delete from ${scene.table} where value = $1`, [poison.value])
  await expect.poll(() => calls).toContain('b')
})

test('a relay that dies between acknowledgement and delete repeats messages with the same ids, and loses none', async () => {
  await using scene = await OutboxScene.set()
  const ids = await scene.outbox.enqueue(
    scene.pool,
    ['1', '2'].map((value) => message(value)),
  )
  const calls: (readonly OutgoingRecord[])[] = []
  scene.relay(async (records) => {
    calls.push(records)
    if (calls.length === 1) await scene.killRelaySession()
  })
  await expect.poll(() => scene.left()).toBe(0)
  expect(calls.map((records) => records.map(idOf))).toEqual([ids, ids])
  expect(scene.errors).toHaveLength(1)
})

test('of two relays one writes at a time, and when one ends the other goes on', async () => {
  await using scene = await OutboxScene.set()
  let writing = 0
  let most = 0
  const written: string[] = []
  const produce = async (records: readonly OutgoingRecord[]): Promise<void> => {
    writing += 1
    most = Math.max(most, writing)
    // A round trip, during which the other would write if it could.
    await scene.pool.query('select pg_sleep(0.01)')
    written.push(...valuesOf(records))
    writing -= 1
  }
  const [first] = [scene.relay(produce, { maxRecords: 3 }), scene.relay(produce, { maxRecords: 3 })]
  const values = Array.from({ length: 60 }, (_, at) => String(at))
  for (const value of values.slice(0, 30)) await scene.outbox.enqueue(scene.pool, [message(value)])
  await first.stop()
  for (const value of values.slice(30)) await scene.outbox.enqueue(scene.pool, [message(value)])
  await expect.poll(() => written.length).toBe(60)
  expect(written).toEqual(values)
  expect(most).toBe(1)
})

test('a relay that stands still is parted from its lock by Postgres, and another gets it', async () => {
  await using scene = await OutboxScene.set()
  const { lock } = outboxStatements(quotedTable(scene.table))
  const [still, other] = [await scene.pool.connect(), await scene.pool.connect()]
  try {
    const parted = once(still, 'error')
    // A second one says that the connection has ended.
    still.on('error', () => undefined)
    await still.query('begin')
    expect((await still.query(lock, ['300'])).rows[0].ok).toBe(true)
    expect((await other.query(lock, ['300'])).rows[0].ok).toBe(false)
    expect((await parted)[0]).toMatchObject({ code: '25P03' })
    await expect.poll(async () => (await other.query(lock, ['300'])).rows[0].ok).toBe(true)
  } finally {
    still.release(true)
    other.release()
  }
})

test('a transaction that commits late is relayed late, and not lost', async () => {
  await using scene = await OutboxScene.set()
  const written: string[] = []
  const relay = scene.relay(async (records) => void written.push(...valuesOf(records)))
  const late = await scene.pool.connect()
  try {
    await late.query('begin')
    await scene.outbox.enqueue(late, [message('late')])
    await scene.outbox.enqueue(scene.pool, [message('soon')])
    await expect.poll(() => relay.relayed).toBe(1)
    await late.query('commit')
  } finally {
    late.release()
  }
  await expect.poll(() => relay.relayed).toBe(2)
  expect(written).toEqual(['soon', 'late'])
})

test('batches are bounded by records and by bytes, and a large message goes alone', async () => {
  await using scene = await OutboxScene.set()
  const sizes = [10, 10, 10, 10, 5_000, 400, 400, 400]
  await scene.outbox.enqueue(
    scene.pool,
    sizes.map((size) => message('x'.repeat(size))),
  )
  const calls: number[] = []
  scene.relay(async (records) => void calls.push(records.length), { maxRecords: 3, maxBytes: 500 })
  await expect.poll(() => scene.left()).toBe(0)
  expect(calls).toEqual([3, 2, 2, 1])
})

test('a write without an answer counts as failed, and its messages are written again', async () => {
  await using scene = await OutboxScene.set()
  await scene.outbox.enqueue(scene.pool, [message('1')])
  let calls = 0
  scene.relay(() => (++calls === 1 ? new Promise(() => undefined) : Promise.resolve()), { produceTimeoutMs: 50 })
  await expect.poll(() => scene.left()).toBe(0)
  expect(calls).toBe(2)
  expect(scene.errors).toEqual([expect.any(HoldfastError)])
  expect(scene.errors[0]).toMatchObject({ code: 'HF_PRODUCE_FAILED', details: { topic: 'mails' } })
})

test('stop waits for the write under way and its delete', async () => {
  await using scene = await OutboxScene.set()
  await scene.outbox.enqueue(scene.pool, [message('1')])
  const signals = new AbortController()
  const begun = Promise.withResolvers<void>()
  const relay = scene.relay(async () => {
    begun.resolve()
    await once(signals.signal, 'abort')
  })
  await begun.promise
  const stopped = relay.stop()
  expect(await scene.left()).toBe(1)
  signals.abort()
  await stopped
  expect(await scene.left()).toBe(0)
})
