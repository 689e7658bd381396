import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ConsumerRecord, type HeaderEntry, RecordHeaders } from '../../src/model/record.ts'
import { sourceOf } from '../../src/model/record-source.ts'
import { PartitionQueue } from '../../src/schedule/partition-queue.ts'
import { record } from '../support/scripted-driver.ts'

const LIMITS = { maxPollRecords: 5, maxPollBytes: 5_000, maxPollWaitMs: 0 }

const bytes = fc.option(fc.integer({ min: 0, max: 900 }).map((size) => Buffer.alloc(size)))
const fields = fc.record({
  key: bytes,
  value: bytes,
  headers: fc
    .array(fc.tuple(fc.constantFrom('', 'a', 'é', '__proto__'), bytes), { maxLength: 4 })
    .map((entries) => RecordHeaders.of(entries as HeaderEntry[])),
})
const step = fc.oneof(
  fc.record({ offer: fc.array(fields, { maxLength: 6 }) }),
  fc.record({ finish: fc.integer({ min: 0, max: 6 }) }),
)

test('what records count for is given back when they are settled, whatever they consist of', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const queue = new PartitionQueue({ topic: 't', partition: 0 }, false)
      let offset = 0
      let running: ConsumerRecord[] = []
      const admit = (): void => {
        let admitted = queue.admit(LIMITS, 'all', 0)
        for (; admitted !== undefined; admitted = queue.admit(LIMITS, 'all', 0)) running.push(...admitted.records)
      }
      const finish = (count: number): void => {
        queue.finish(running.slice(0, count))
        running = running.slice(count)
        admit()
      }
      for (const one of steps) {
        if ('finish' in one) finish(one.finish)
        else queue.offer(sourceOf(one.offer.map((each) => record(offset++, each))), 0)
        admit()
        expect(queue.heldBytes).toBeGreaterThanOrEqual(512 * queue.heldRecords)
      }
      while (running.length > 0) finish(running.length)
      expect([queue.heldRecords, queue.heldBytes, queue.buffered]).toEqual([0, 0, 0])
      // The limit on what is admitted is as it was: a full poll batch is, where it is small enough.
      queue.offer(sourceOf(Array.from({ length: 5 }, () => record(offset++))), 0)
      expect(queue.admit(LIMITS, 'all', 0)?.records).toHaveLength(5)
    }),
    { numRuns: 300 },
  )
})
