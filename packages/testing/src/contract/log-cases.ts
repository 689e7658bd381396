import assert from 'node:assert/strict'
import { type DriverLogs, recordsOf, type TopicPartition } from '@holdfast/core'
import type { ContractClient } from './contract-client.ts'
import type { DriverCase } from './driver-environment.ts'
import { numbered, offsets, scene } from './scene.ts'

/** What a member learns of partitions that it need not own. A driver without `logs` passes. */
export const LOG_CASES: readonly DriverCase[] = [
  scene('how far the group is: what it committed, else the start of the log; and the end', 3, async (scene) => {
    const { topic, client, produce } = scene
    await produce(topic, 0, numbered(0, 10))
    await produce(topic, 1, numbered(0, 4))
    const member = await client().start()
    if (member.driver.logs === undefined) return
    await member.commit(topic, 0, 6)
    const asked = [1, 2, 0, 1].map((partition) => ({ topic, partition }))
    assert.deepEqual(await member.driver.logs.standings(asked), [
      { settled: 0, end: 4 },
      { settled: 0, end: 0 },
      { settled: 6, end: 10 },
      { settled: 0, end: 4 },
    ])
  }),

  scene('what another member commits and writes is seen at once', 2, async ({ topic, client }) => {
    const [first, second] = [await client().start(), await client().start()]
    const owner = (): ContractClient => (first.owned.includes(`${topic}/1`) ? first : second)
    await first.until(() => first.owned.length === 1, 'a partition for each')
    const other = owner() === first ? second : first
    const { logs } = other.driver
    if (logs === undefined) return
    for (let count = 1; count <= 3; count += 1) {
      await owner().driver.produce([{ topic, partition: 1, key: null, value: Buffer.from('x'), headers: [] }])
      assert.deepEqual(await logs.standings([{ topic, partition: 1 }]), [{ settled: count - 1, end: count }])
      await owner().commit(topic, 1, count)
      assert.deepEqual(await logs.standings([{ topic, partition: 1 }]), [{ settled: count, end: count }])
    }
  }),

  scene(
    'a range of a log is read, whoever owns it, and nothing else changes',
    2,
    async ({ topic, client, produce }) => {
      await produce(topic, 1, numbered(0, 500))
      const [first, second] = [await client().start(), await client().start()]
      await first.until(() => first.owned.length === 1, 'a partition for each')
      const partition = { topic, partition: 1 }
      for (const { driver } of [first, second]) {
        if (driver.logs === undefined) return
        assert.deepEqual(await readAll(driver.logs, partition, 120, 480), numbered(120, 480))
        assert.deepEqual(await readAll(driver.logs, partition, 499, 500), ['499'])
        assert.deepEqual(await readAll(driver.logs, partition, 500, 500), [])
      }
      const owner = first.owned.includes(`${topic}/1`) ? first : second
      await owner.until(() => owner.offsetsOf(topic, 1, owner.epoch).length >= 500, 'what the owner reads itself')
      assert.deepEqual(owner.offsetsOf(topic, 1, owner.epoch), offsets(0, 500))
    },
  ),

  scene('a range that is more than a request brings is read whole', 1, async ({ topic, client }) => {
    const { driver } = await client().start()
    if (driver.logs === undefined) return
    const value = Buffer.alloc(40_000, 'x')
    for (let count = 0; count < 60; count += 10)
      await driver.produce(Array.from({ length: 10 }, () => ({ topic, key: null, value, headers: [] })))
    assert.equal((await readAll(driver.logs, { topic, partition: 0 }, 1, 60)).length, 59)
  }),

  scene(
    'offsets that are never delivered are no obstacle, and count for the end',
    1,
    async ({ topic, client, produce, produceUndeliverable }) => {
      await produce(topic, 0, ['a'])
      await produceUndeliverable()
      await produce(topic, 0, ['b'])
      await produceUndeliverable()
      const { driver } = await client().start()
      if (driver.logs === undefined) return
      const [standing] = await driver.logs.standings([{ topic, partition: 0 }])
      const end = standing?.end ?? 0
      assert.ok(end > 3, 'what follows the last record')
      const read = await readAll(driver.logs, { topic, partition: 0 }, 0, end)
      assert.deepEqual(
        read.filter((value) => value === 'a' || value === 'b'),
        ['a', 'b'],
      )
    },
    true,
  ),

  scene('a topic that is too narrow is named at the start', 2, async ({ topic, client, createTopic }) => {
    const narrow = `${topic}-narrow`
    await createTopic(narrow, 1)
    for (const source of [topic, new RegExp(`^${topic}$`)]) {
      const asWideAs = [{ topic: narrow, source }]
      const error = {
        code: 'HF_TOPIC_TOO_NARROW',
        message: new RegExp(`${narrow} has 1 partition, and ${topic} has 2`),
      }
      await assert.rejects(client({ settings: { asWideAs } }).start(), error)
    }
    await client({ settings: { asWideAs: [{ topic, source: narrow }] } }).start()
  }),

  scene('a partition that does not exist is an error', 1, async ({ topic, client }) => {
    const { driver } = await client().start()
    if (driver.logs === undefined) return
    await assert.rejects(driver.logs.standings([{ topic, partition: 7 }]), { code: 'HF_PARTITION_MISSING' })
  }),
]

async function readAll(logs: DriverLogs, partition: TopicPartition, from: number, to: number): Promise<string[]> {
  const values: string[] = []
  for await (const records of logs.read(partition, from, to))
    values.push(...recordsOf(records).map(({ value }) => String(value)))
  return values
}
