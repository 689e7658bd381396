import assert from 'node:assert/strict'
import { type ConsumerRecord, type HeaderEntry, HoldfastError, type OutgoingRecord, recordsOf } from '@holdfast/core'
import type { ContractClient } from './contract-client.ts'
import type { DriverCase } from './driver-environment.ts'
import { numbered, scene } from './scene.ts'

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

/** Keys, and where the Java client sends them in a topic of three partitions: by Kafka's own test of its hash. */
const KEYS: readonly (readonly [key: string, partition: number])[] = [
  ['21', (-973_932_308 & 0x7fff_ffff) % 3],
  ['foobar', (-790_332_482 & 0x7fff_ffff) % 3],
  ['a-little-bit-long-string', (-985_981_536 & 0x7fff_ffff) % 3],
  ['a-little-bit-longer-string', (-1_486_304_829 & 0x7fff_ffff) % 3],
  ['abc', 479_470_107 % 3],
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
      { topic, key: null, value: Buffer.alloc(1_000_000, 'x'), headers: [['a', Buffer.alloc(300, 'y')]] },
    ]
    await member.driver.produce(records)
    const read = (): ConsumerRecord[] => recordsIn(member, topic, 0)
    await member.until(() => read().length === records.length, 'what was written')
    for (const [index, { key, value, headers }] of records.entries()) {
      const record = read()[index] as ConsumerRecord
      assert.ok(isSame(record.key, key), `the key of record ${index}`)
      assert.ok(isSame(record.value, value), `the value of record ${index}`)
      assert.deepEqual([...record.headers], headers)
    }
  }),

  scene('the records of one call stay in their order', 1, async ({ topic, client }) => {
    const member = await client().start()
    const values = numbered(0, 1_500)
    await member.driver.produce(values.map((value) => plain(topic, value)))
    await member.until(() => member.offsetsOf(topic, 0).length === values.length, 'what was written')
    assert.equal(textsOf(member, topic, 0).join(), values.join())
  }),

  scene(
    'times are kept to the millisecond, whatever their order; without one it is now',
    1,
    async ({ topic, client }) => {
      const member = await client().start()
      const begunMs = Date.now()
      const times = [begunMs - 9, begunMs - 100_000, undefined, 999, 1_000, 0, begunMs]
      await member.driver.produce(times.map((timestamp) => ({ ...plain(topic, 'x'), timestamp })))
      await member.until(() => member.offsetsOf(topic, 0).length === times.length, 'what was written')
      for (const [index, { timestamp }] of recordsIn(member, topic, 0).entries()) {
        const expected = times[index]
        if (expected === undefined) assert.ok(timestamp >= begunMs && timestamp <= Date.now(), `${timestamp} is now`)
        else assert.equal(timestamp, expected)
      }
    },
  ),

  scene('a key goes to the partition that other clients of Kafka choose', 3, async ({ topic, client }) => {
    const member = await client().start()
    await member.driver.produce(KEYS.map(([key]) => ({ ...plain(topic, key), key: Buffer.from(key) })))
    const found = (): string[] => [0, 1, 2].flatMap((partition) => textsOf(member, topic, partition))
    await member.until(() => found().length === KEYS.length, 'what was written')
    for (const [key, partition] of KEYS) assert.ok(textsOf(member, topic, partition).includes(key), key)
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

  scene('a partition that does not exist is named, and nothing is written', 1, async ({ topic, client }) => {
    const member = await client().start()
    await assert.rejects(member.driver.produce([{ ...plain(topic, 'x'), partition: 9 }]), (error) => {
      assert.ok(error instanceof HoldfastError)
      assert.equal(error.code, 'HF_PARTITION_MISSING')
      return true
    })
    await member.driver.produce([plain(topic, 'y')])
    await member.until(() => member.offsetsOf(topic, 0).length > 0, 'what was written')
    assert.deepEqual(textsOf(member, topic, 0), ['y'])
  }),

  scene('writing goes on while the group rebalances, and for partitions of others', 2, async ({ topic, client }) => {
    const written: Promise<void>[] = []
    const write = (member: ContractClient, value: string): void => {
      const records = [0, 1].map((partition) => ({ ...plain(topic, value), partition }))
      written.push(member.driver.produce(records))
    }
    const first = await client({
      onRevoking: async (member) => {
        write(member, 'revoking')
        await written.at(-1)
      },
    }).start()
    const second = client()
    const joining = second.start()
    await first.until(() => first.revocations > 0, 'the rebalance')
    write(first, 'meanwhile')
    await joining
    await first.until(() => first.owned.length === 1, 'the shared assignment')
    write(first, 'after')
    await Promise.all(written)
    const values = (): Set<string> =>
      new Set([first, second].flatMap((member) => [0, 1].flatMap((partition) => textsOf(member, topic, partition))))
    for (const member of [first, second])
      await member.until(() => ['revoking', 'meanwhile', 'after'].every((value) => values().has(value)), 'all of it')
  }),

  scene('after stop nothing is written', 1, async ({ topic, client }) => {
    const member = await client().start()
    await member.driver.stop()
    await assert.rejects(
      member.driver.produce([plain(topic, 'x')]),
      (error) => error instanceof HoldfastError && error.code === 'HF_STATE_INVALID',
    )
  }),

  scene('nothing is nothing to write', 1, async ({ client }) => {
    const member = await client().start()
    await member.driver.produce([])
  }),
]

/** `deepEqual` would print megabytes. */
function isSame(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other)
}

function plain(topic: string, value: string): OutgoingRecord {
  return { topic, key: null, value: Buffer.from(value), headers: [] }
}

function recordsIn(member: ContractClient, topic: string, partition: number): ConsumerRecord[] {
  return member.batchesOf(topic, partition).flatMap(({ records }) => recordsOf(records))
}

function textsOf(member: ContractClient, topic: string, partition: number): string[] {
  return recordsIn(member, topic, partition).map(({ value }) => String(value))
}
