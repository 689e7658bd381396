import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sourceOf } from '../../src/model/record-source.ts'
import { type Lane, takeBatch } from '../../src/schedule/lane.ts'
import { partitionOrdering } from '../../src/schedule/ordering.ts'
import { PartitionQueue } from '../../src/schedule/partition-queue.ts'
import { Scheduler } from '../../src/schedule/scheduler.ts'
import { record } from '../support/scripted-driver.ts'

const LIMITS = {
  maxPollRecords: 4,
  maxBatchRecords: 4,
  maxPollBytes: 1_000,
  maxPollWaitMs: 20,
  maxBufferedRecords: 100,
  maxBufferedBytes: 100_000,
  maxPartitionBufferedRecords: 10,
  maxPartitionBufferedBytes: 10_000,
}

const step = fc.record({
  type: fc.constantFrom(
    'offer',
    'offer',
    'take',
    'finish',
    'finish',
    'finish',
    'park',
    'yield',
    'wait',
    'hold',
    'unhold',
  ),
  partition: fc.integer({ min: 0, max: 2 }),
  count: fc.integer({ min: 1, max: 9 }),
})

/** A runtime that does what the scheduler says, and notes what ran. */
class Bench {
  readonly scheduler = new Scheduler(LIMITS, partitionOrdering)
  readonly queues: PartitionQueue[]
  readonly offered: number[]
  readonly ran: number[][]
  readonly running: Lane[] = []
  readonly paused = new Set<PartitionQueue>()
  nowMs = 0
  wakeAtMs: number | undefined

  constructor(isBatch: boolean) {
    this.queues = [0, 1, 2].map((partition) => new PartitionQueue({ topic: 't', partition }, isBatch))
    this.offered = this.queues.map(() => 0)
    this.ran = this.queues.map(() => [])
    for (const queue of this.queues) this.scheduler.add(queue)
  }

  decide(): void {
    this.wakeAtMs = undefined
    for (const command of this.scheduler.decide(this.nowMs)) {
      if (command.type === 'admit') this.scheduler.start(command.pollBatch)
      else if (command.type === 'pause') this.paused.add(command.queue)
      else if (command.type === 'resume') this.paused.delete(command.queue)
      else if (command.type === 'wakeAt') this.wakeAtMs = command.atMs
    }
  }

  offer(partition: number, count: number): void {
    const queue = this.queues[partition] as PartitionQueue
    const first = this.offered[partition] as number
    this.scheduler.offer(
      queue,
      sourceOf(Array.from({ length: count }, (_, index) => record(first + index, { partition }))),
      this.nowMs,
    )
    this.offered[partition] = first + count
  }

  take(): void {
    const [lane] = this.scheduler.takeReady() ?? []
    if (lane === undefined) return
    expect(this.running).not.toContain(lane)
    expect(
      this.running.some(({ queue }) => queue === lane.queue),
      'one lane per partition runs',
    ).toBe(false)
    this.running.push(lane)
  }

  /** A lane that runs is finished with one delivery, parked, or given back as it is. */
  end(how: 'finish' | 'park' | 'yield'): void {
    const lane = this.running.shift()
    if (lane === undefined) return
    const delivery = lane.queue.batch ? takeBatch(lane.alone, LIMITS.maxBatchRecords) : lane.takeOne()
    if (how !== 'finish') lane.keep(() => true)
    if (how === 'park' && delivery !== undefined) this.scheduler.park(lane, delivery.attempt, this.nowMs + 7)
    if (how === 'finish' && delivery !== undefined) {
      lane.queue.finish(delivery.records)
      lane.finish()
      this.ran[lane.queue.partition]?.push(...delivery.records.map(({ offset }) => offset))
    }
    this.scheduler.release(lane.alone)
  }
}

for (const isBatch of [false, true]) {
  test(`every record runs once, in order, whatever the order of ends (${isBatch ? 'batches' : 'records'})`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const bench = new Bench(isBatch)
        for (const { type, partition, count } of steps) {
          if (type === 'offer') bench.offer(partition, count)
          if (type === 'take') bench.take()
          if (type === 'finish' || type === 'park' || type === 'yield') bench.end(type)
          if (type === 'wait') bench.nowMs += count
          if (type === 'hold') bench.scheduler.hold(bench.queues[partition] as PartitionQueue, 'user')
          if (type === 'unhold') bench.scheduler.unhold(bench.queues[partition] as PartitionQueue, 'user')
          bench.decide()
          for (const queue of bench.queues) expect(bench.paused.has(queue)).toBe(queue.holds.size > 0)
        }
        for (const queue of bench.queues) bench.scheduler.unhold(queue, 'user')
        for (let turn = 0; turn < 2_000; turn += 1) {
          bench.decide()
          bench.take()
          if (bench.running.length > 0) bench.end('finish')
          else if (bench.wakeAtMs !== undefined) bench.nowMs = Math.max(bench.nowMs, bench.wakeAtMs)
          else if (bench.scheduler.readyLanes === 0) break
        }
        for (const [partition, offered] of bench.offered.entries()) {
          expect(bench.ran[partition]).toEqual(Array.from({ length: offered }, (_, offset) => offset))
          expect(bench.queues[partition]).toMatchObject({ heldRecords: 0, heldBytes: 0, admitted: 0 })
        }
        expect(bench.paused.size).toBe(0)
      }),
      { numRuns: 700 },
    )
  })
}

test('lanes take turns', () => {
  const bench = new Bench(false)
  for (const partition of [0, 1, 2]) bench.offer(partition, 3)
  bench.decide()
  const order: number[] = []
  for (let turn = 0; turn < 9; turn += 1) {
    bench.take()
    order.push(bench.running[0]?.queue.partition ?? -1)
    bench.end('finish')
    bench.decide()
  }
  expect(order).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2])
})

test('a removed partition runs nothing more, also when it was parked', () => {
  const bench = new Bench(false)
  bench.offer(0, 3)
  bench.decide()
  bench.take()
  bench.end('park')
  bench.scheduler.remove(bench.queues[0] as PartitionQueue)
  bench.nowMs = 1_000
  bench.decide()
  bench.take()
  expect(bench.running).toEqual([])
})
