import assert from 'node:assert/strict'
import { type ConsumerRecord, type HeaderEntry, HoldfastError, type OutgoingRecord, recordsOf } from '@holdfast/core'
import type { DriverCase } from './driver-environment.ts'
import { scene } from './scene.ts'

const HOSTILE_HEADERS: readonly HeaderEntry[] = [
  ['trace', Buffer.from('1')],
  ['__proto__', Buffer.from('p')],
  ['trace', null],
  ['', Buffer.from('nameless')],
  ['constructor', Buffer.alloc(0)],
  ['trace', Buffer.from('2')],
  ['toString', null],
  ['ключ', Buffer.from([0, 255])],
]

const BYTES = Buffer.from([0, 1, 254, 255])

/** What is written comes back as it was. */
export const PRODUCE_CASES: readonly DriverCase[] = [
  scene('what is written comes back byte for byte, in order', 1, async ({ topic, client }) => {
    const member = await client().start()
    const records: OutgoingRecord[] = [
      { topic, key: BYTES, value: BYTES, headers: HOSTILE_HEADERS },
      { topic, key: null, value: null, headers: [] },
      { topic, key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [['only', null]] },
      { topic, key: null, value: Buffer.alloc(500_000, 'x'), headers: [['a', Buffer.alloc(300, 'y')]] },
    ]
    await member.driver.produce(records)
    const read = (): ConsumerRecord[] => member.batchesOf(topic, 0).flatMap(({ records: each }) => recordsOf(each))
    await member.until(() => read().length === records.length, 'what was written')
    for (const [index, { key, value, headers }] of records.entries()) {
      const record = read()[index] as ConsumerRecord
      assert.deepEqual([record.key, record.value], [key, value])
      assert.deepEqual([...record.headers], headers)
    }
  }),

  scene('records go to the partition that is named, and by equal keys to one', 3, async ({ topic, client }) => {
    const member = await client().start()
    const written = Array.from({ length: 9 }, (_, index) => ({
      topic,
      key: Buffer.from('same'),
      value: Buffer.from(String(index)),
      headers: [],
      ...(index < 3 ? { partition: index } : {}),
    }))
    await member.driver.produce(written)
    const counts = (): number[] => [0, 1, 2].map((partition) => member.offsetsOf(topic, partition).length)
    await member.until(() => counts().reduce((sum, count) => sum + count, 0) === 9, 'what was written')
    assert.deepEqual(counts().toSorted(), [1, 1, 7])
  }),

  scene('a topic that does not exist is named, and writing goes on elsewhere', 1, async ({ topic, client }) => {
    const member = await client().start()
    const to = (name: string): OutgoingRecord => ({ topic: name, key: null, value: BYTES, headers: [] })
    await assert.rejects(member.driver.produce([to(`${topic}-missing`)]), (error) => {
      assert.ok(error instanceof HoldfastError)
      assert.equal(error.code, 'HF_TOPIC_MISSING')
      assert.match(error.message, new RegExp(`${topic}-missing`))
      return true
    })
    await member.driver.produce([to(topic)])
    await member.until(() => member.offsetsOf(topic, 0).length === 1, 'what was written')
  }),

  scene('a topic to write to that does not exist is refused at start', 1, async ({ topic, client }) => {
    const member = client({ settings: { producesTo: [`${topic}-missing`] } })
    await assert.rejects(member.start(), (error) => error instanceof HoldfastError && error.code === 'HF_TOPIC_MISSING')
    await member.driver.stop()
  }),

  scene('nothing is nothing to write', 1, async ({ client }) => {
    const member = await client().start()
    await member.driver.produce([])
  }),
]
