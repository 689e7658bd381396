import assert from 'node:assert/strict'
import { RecordHeaders, recordBytes, recordsOf, type StartsAt } from '@holdfast/core'
import type { DriverCase } from './driver-environment.ts'
import { numbered, offsets, scene } from './scene.ts'

export const FETCH_CASES: readonly DriverCase[] = [
  scene(
    'batches come in order, without gap or repeat, tagged with the epoch',
    2,
    async ({ topic, client, produce }) => {
      for (const partition of [0, 1]) await produce(topic, partition, numbered(0, 250))
      const reader = await client().start()
      await reader.until(
        () => [0, 1].every((partition) => reader.offsetsOf(topic, partition).length >= 250),
        'all records',
      )
      for (const partition of [0, 1]) {
        assert.deepEqual(reader.offsetsOf(topic, partition), offsets(0, 250))
        for (const batch of reader.batchesOf(topic, partition)) {
          assert.equal(batch.epoch, reader.epoch)
          assert.ok(
            batch.nextOffset > (recordsOf(batch.records).at(-1)?.offset ?? -1),
            'nextOffset lies after the last record',
          )
          assert.ok(batch.highWatermark >= batch.nextOffset, 'highWatermark is the end of the log')
          for (const record of recordsOf(batch.records))
            assert.deepEqual([record.topic, record.partition], [topic, partition])
        }
      }
    },
  ),

  scene('records carry bytes, or null, and headers', 1, async ({ topic, client, produce }) => {
    await produce(topic, 0, ['text', null, ''])
    const reader = await client().start()
    await reader.until(() => reader.offsetsOf(topic, 0).length >= 3, 'three records')
    const [text, none, empty] = reader.batchesOf(topic, 0).flatMap(({ records }) => recordsOf(records))
    assert.deepEqual(text?.value, Buffer.from('text'))
    assert.equal(none?.value, null)
    assert.deepEqual(empty?.value, Buffer.alloc(0))
    assert.ok(text?.headers instanceof RecordHeaders)
    assert.equal(typeof text?.timestamp, 'number')
    for (const { records } of reader.batchesOf(topic, 0)) {
      for (const [index, record] of recordsOf(records).entries())
        assert.equal(records.bytesAt(index), recordBytes(record, record.headers.bytes), 'it counts for the same')
    }
  }),

  scene(
    'a paused partition brings one more batch at most, and goes on where it stood',
    2,
    async ({ topic, client, produce, quiet }) => {
      const reader = await client().start()
      for (const partition of [0, 1]) await produce(topic, partition, numbered(0, 10))
      await reader.until(
        () => [0, 1].every((partition) => reader.offsetsOf(topic, partition).length >= 10),
        'the first records',
      )
      const before = reader.batchesOf(topic, 0).length
      reader.driver.pause([{ topic, partition: 0 }])
      reader.driver.pause([{ topic, partition: 0 }])
      for (let round = 0; round < 3; round += 1) {
        for (const partition of [0, 1]) await produce(topic, partition, numbered(0, 10))
        await reader.until(
          () => reader.offsetsOf(topic, 1).length >= 20 + 10 * round,
          'the partition that is not paused',
        )
        await quiet()
      }
      assert.ok(reader.batchesOf(topic, 0).length <= before + 1, 'at most one more batch arrives after a pause')
      assert.ok(reader.offsetsOf(topic, 0).length < 40, 'something is held back')
      reader.driver.resume([{ topic, partition: 0 }])
      await reader.until(() => reader.offsetsOf(topic, 0).length >= 40, 'the records that were held back')
      await quiet()
      assert.deepEqual(reader.offsetsOf(topic, 0), offsets(0, 40))
    },
  ),

  scene(
    'partitions begin where somebody else says, given what the group has committed',
    2,
    async ({ topic, client, produce }) => {
      for (const partition of [0, 1]) await produce(topic, partition, numbered(0, 10))
      const asked: (readonly [partition: number, committed: number, position: number])[] = []
      const startsAt: StartsAt = async (partitions) =>
        partitions.map(({ partition, committed, position }) => {
          asked.push([partition, committed, position])
          return { topic, partition, committed, position: partition === 0 ? 7 : position }
        })
      const reader = await client({ settings: { startsAt } }).start()
      await reader.until(() => [0, 1].every((partition) => reader.offsetsOf(topic, partition).includes(9)), 'the ends')
      assert.deepEqual(asked.toSorted(), [
        [0, -1, 0],
        [1, -1, 0],
      ])
      assert.deepEqual([reader.offsetsOf(topic, 0), reader.offsetsOf(topic, 1)], [offsets(7, 10), offsets(0, 10)])
    },
  ),

  scene('skipTo goes on past offsets, of the epoch in force alone', 1, async ({ topic, client, produce, quiet }) => {
    const reader = await client().start()
    reader.driver.pause([{ topic, partition: 0 }])
    await quiet()
    await produce(topic, 0, numbered(0, 10))
    // What may still have come after the pause.
    const [before] = reader.offsetsOf(topic, 0).slice(-1)
    reader.driver.skipTo({ topic, partition: 0 }, reader.epoch, 5)
    reader.driver.skipTo({ topic, partition: 0 }, reader.epoch - 1, 8)
    reader.driver.resume([{ topic, partition: 0 }])
    await reader.until(() => reader.offsetsOf(topic, 0).includes(9), 'the rest')
    assert.equal(before, undefined, 'nothing comes while it is paused')
    assert.deepEqual(reader.offsetsOf(topic, 0), offsets(5, 10))
  }),

  scene(
    'a pause asked for while the assignment is told is in force from the start',
    1,
    async ({ topic, client, produce, quiet }) => {
      await produce(topic, 0, numbered(0, 10))
      const reader = client({ onAssigned: (self, partitions) => self.driver.pause(partitions) })
      await reader.start()
      await quiet()
      await produce(topic, 0, numbered(10, 20))
      await quiet()
      assert.ok(reader.batches.length <= 1, 'at most one batch arrives')
      reader.driver.resume([{ topic, partition: 0 }])
      await reader.until(() => reader.offsetsOf(topic, 0).length >= 20, 'all records')
      assert.deepEqual(reader.offsetsOf(topic, 0), offsets(0, 20))
    },
  ),

  scene(
    'answers are counted while there is nothing to fetch, and also while all is paused',
    2,
    async ({ topic, client, quiet }) => {
      const reader = await client().start()
      const { answers } = reader.driver
      const partitions = [0, 1].map((partition) => ({ topic, partition }))
      const grows = async (what: string, count: () => number): Promise<void> => {
        const before = count()
        let isGrown = false
        for (let looks = 0; looks < 20 && !isGrown; looks += 1) {
          await quiet()
          isGrown = count() > before
        }
        assert.ok(isGrown, what)
      }
      for (const partition of partitions)
        await grows('an answered fetch of each partition', () => answers.fetchesOf(partition))
      await grows('an answer', () => answers.total)
      reader.driver.pause(partitions)
      await grows('an answer while all is paused', () => answers.total)
      assert.equal(answers.isJoining, false)
    },
  ),

  scene('a topic that the consumer writes to itself is read from its start', 1, async ({ topic, client, produce }) => {
    await produce(topic, 0, numbered(0, 3))
    for (const autoOffsetReset of ['latest', 'none'] as const) {
      const reader = await client({
        groupId: `${topic}-${autoOffsetReset}`,
        settings: { autoOffsetReset, producesTo: [topic] },
      }).start()
      await reader.until(() => reader.offsetsOf(topic, 0).length >= 3, 'what was there')
      assert.deepEqual(reader.offsetsOf(topic, 0), [0, 1, 2])
    }
  }),

  scene('with autoOffsetReset latest a new group starts at the end', 1, async ({ topic, client, produce, quiet }) => {
    await produce(topic, 0, numbered(0, 10))
    const reader = await client({ settings: { autoOffsetReset: 'latest' } }).start()
    await quiet()
    await produce(topic, 0, numbered(10, 15))
    await reader.until(() => reader.offsetsOf(topic, 0).includes(14), 'the new records')
    assert.deepEqual(reader.offsetsOf(topic, 0), offsets(10, 15))
  }),

  scene(
    'the position moves over offsets that are never delivered, and that is told',
    1,
    async ({ topic, client, produce, produceUndeliverable }) => {
      await produce(topic, 0, numbered(0, 3))
      const reader = await client().start()
      await reader.until(() => reader.offsetsOf(topic, 0).length === 3, 'the records before it')
      await produceUndeliverable()
      const position = (): number =>
        Math.max(
          0,
          ...reader.batches.map(({ nextOffset }) => nextOffset),
          ...reader.advances.map(({ nextOffset }) => nextOffset),
        )
      await reader.until(() => position() > 3, 'a position past what is not delivered')
      assert.deepEqual(reader.offsetsOf(topic, 0), [0, 1, 2])
      const end = position()
      assert.equal((await reader.commit(topic, 0, end)).status, 'ok')
      await produce(topic, 0, ['after'])
      await reader.until(() => reader.offsetsOf(topic, 0).length === 4, 'the record after it')
      assert.ok((reader.offsetsOf(topic, 0)[3] as number) >= end)
      for (const { epoch } of reader.advances) assert.equal(epoch, reader.epoch)
    },
    true,
  ),
]
