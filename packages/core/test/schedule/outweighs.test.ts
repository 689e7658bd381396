import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sourceOf } from '../../src/model/record-source.ts'
import type { Lane } from '../../src/schedule/lane.ts'
import { createOrdering } from '../../src/schedule/ordering.ts'
import { PartitionQueue } from '../../src/schedule/partition-queue.ts'
import { Scheduler } from '../../src/schedule/scheduler.ts'
import { record } from '../support/scripted-driver.ts'

const MUCH = 1_000_000
const LIMITS = {
  maxPollRecords: MUCH,
  maxBatchRecords: MUCH,
  maxPollBytes: MUCH,
  maxPollWaitMs: 0,
  maxBufferedRecords: MUCH,
  maxBufferedBytes: MUCH,
  maxPartitionBufferedRecords: MUCH,
  maxPartitionBufferedBytes: MUCH,
}

/** The lanes of partitions whose keys have so many records each, all of them taken. */
function takenLanes(partitions: readonly (readonly number[])[], concurrencyPerPartition?: number) {
  const scheduler = new Scheduler(
    { ...LIMITS, concurrencyPerPartition: concurrencyPerPartition ?? MUCH },
    createOrdering('key', 'record'),
  )
  for (const [partition, keys] of partitions.entries()) {
    const queue = new PartitionQueue({ topic: 't', partition }, false)
    scheduler.add(queue)
    const records = keys.flatMap((count, key) => Array.from({ length: count }, () => Buffer.from(`key-${key}`)))
    scheduler.offer(queue, sourceOf(records.map((key, offset) => record(offset, { partition, key }))), 0)
  }
  for (const command of scheduler.decide(0)) if (command.type === 'admit') scheduler.start(command.pollBatch)
  const lanes: Lane[] = []
  for (let taken = scheduler.takeReady(); taken !== undefined; taken = scheduler.takeReady()) lanes.push(taken[0])
  return { scheduler, lanes }
}

/** What lanes that keep their slots leave to the others. */
function left(lanes: readonly Lane[], keeps: (lane: Lane) => boolean, slots: number) {
  const count = (list: readonly Lane[]): number => list.reduce((sum, { pending }) => sum + pending, 0)
  const others = lanes.filter((lane) => !keeps(lane))
  return { slots: slots - (lanes.length - others.length), share: (slots * count(others)) / count(lanes) }
}

test('lanes that outweigh the others leave them at least their share of the slots, and of a partition’s', () => {
  const keys = fc.array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 200 })), {
    minLength: 1,
    maxLength: 12,
  })
  fc.assert(
    fc.property(
      fc.array(keys, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 10 }),
      (partitions, slots, perPartition) => {
        const all = takenLanes(partitions)
        const rest = left(all.lanes, (lane) => all.scheduler.outweighs(lane, slots), slots)
        expect(rest.slots).toBeGreaterThanOrEqual(rest.share)
        const capped = takenLanes(partitions, perPartition)
        for (const lanes of Map.groupBy(capped.lanes, ({ queue }) => queue).values()) {
          const cap = Math.min(perPartition, slots)
          const rested = left(lanes, (lane) => capped.scheduler.outweighs(lane, slots), cap)
          expect(rested.slots).toBeGreaterThanOrEqual(Math.min(rested.share, cap))
        }
      },
    ),
  )
})

test('a lane outweighs the others with more than a slot’s share of all partitions', () => {
  const { scheduler, lanes } = takenLanes([[51, 9], [40]])
  const outweighing = (slots: number): number[] =>
    lanes.filter((lane) => scheduler.outweighs(lane, slots)).map(({ pending }) => pending)
  expect(outweighing(1)).toEqual([])
  expect(outweighing(2)).toEqual([51])
  expect(outweighing(3)).toEqual([51, 40])
})
