import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { sourceOf } from '../../src/model/record-source.ts'
import { type Delivery, takeBatch } from '../../src/schedule/lane.ts'
import { createOrdering } from '../../src/schedule/ordering.ts'
import { PartitionQueue } from '../../src/schedule/partition-queue.ts'
import { Scheduler } from '../../src/schedule/scheduler.ts'
import { record } from '../support/scripted-driver.ts'

const LIMITS = {
  maxPollRecords: 9,
  maxBatchRecords: 3,
  maxPollBytes: 10_000,
  maxPollWaitMs: 0,
  maxBufferedRecords: 1_000,
  maxBufferedBytes: 1_000_000,
  maxPartitionBufferedRecords: 1_000,
  maxPartitionBufferedBytes: 1_000_000,
}
const RETRY_MS = 7

const step = fc.oneof(
  fc.record({ type: fc.constant('offer' as const), keys: fc.array(fc.constantFrom('a', 'b', 'c', 'd', null)) }),
  fc.record({ type: fc.constant('take' as const) }),
  fc.record({ type: fc.constant('end' as const), which: fc.nat(), failing: fc.array(fc.nat({ max: 2 })) }),
  fc.record({ type: fc.constant('wait' as const) }),
)

/** A runtime of one partition whose handler takes batches. */
class Bench {
  readonly queue = new PartitionQueue({ topic: 't', partition: 0 }, true)
  readonly scheduler = new Scheduler(LIMITS, createOrdering('key', 'record'))
  readonly running: Delivery[] = []
  readonly settled: number[] = []
  readonly attempts = new Map<number, number>()
  readonly startedOfKey = new Map<string, number>()
  widest = 0
  nowMs = 0
  #offered = 0

  constructor() {
    this.scheduler.add(this.queue)
  }

  get offered(): number {
    return this.#offered
  }

  offer(keys: readonly (string | null)[]): void {
    const records = keys.map((key, index) =>
      record(this.#offered + index, { key: key === null ? null : Buffer.from(key) }),
    )
    this.#offered += keys.length
    this.scheduler.offer(this.queue, sourceOf(records), this.nowMs)
    this.decide()
  }

  decide(): void {
    for (const command of this.scheduler.decide(this.nowMs))
      if (command.type === 'admit') this.scheduler.start(command.pollBatch)
  }

  take(): void {
    const lanes = this.scheduler.takeReady()
    if (lanes === undefined) return
    const delivery = takeBatch(lanes, LIMITS.maxBatchRecords)
    expect(delivery.records.length).toBeGreaterThan(0)
    expect(delivery.records.length).toBeLessThanOrEqual(LIMITS.maxBatchRecords)
    for (const taken of delivery.records) this.#checkStart(taken, delivery)
    this.running.push(delivery)
    this.widest = Math.max(this.widest, this.running.length)
  }

  end(which: number, failing: readonly number[]): void {
    const [delivery] = this.running.splice(which % Math.max(1, this.running.length), 1)
    if (delivery === undefined) return
    const isFailed = (taken: ConsumerRecord): boolean => failing.some((index) => delivery.records[index] === taken)
    const done = delivery.records.filter((taken) => !isFailed(taken))
    this.queue.finish(done)
    this.settled.push(...done.map(({ offset }) => offset))
    for (const lane of delivery.lanes) {
      let isKept = false
      lane.keep((taken) => {
        isKept ||= isFailed(taken)
        return isFailed(taken)
      })
      if (isKept) this.scheduler.park(lane, delivery.attempt, this.nowMs + RETRY_MS)
    }
    this.scheduler.release(delivery.lanes)
    this.decide()
  }

  /** A key is in one batch at a time, its records start in order, and all of a batch are at the same attempt. */
  #checkStart({ offset, key }: ConsumerRecord, { attempt }: Delivery): void {
    const name = key?.toString() ?? `null ${offset}`
    const runs = (delivery: Delivery): boolean => delivery.records.some((other) => String(other.key) === name)
    expect(this.running.some(runs)).toBe(false)
    expect(attempt).toBe((this.attempts.get(offset) ?? 0) + 1)
    this.attempts.set(offset, attempt)
    if (attempt > 1) return
    expect(offset).toBeGreaterThan(this.startedOfKey.get(name) ?? -1)
    this.startedOfKey.set(name, offset)
  }
}

test('batches of a partition run side by side, no key in two of them, and every record is settled once', () => {
  let widest = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const bench = new Bench()
      for (const one of steps) {
        if (one.type === 'offer') bench.offer(one.keys)
        if (one.type === 'take') bench.take()
        if (one.type === 'end') bench.end(one.which, one.failing)
        if (one.type === 'wait') bench.nowMs += RETRY_MS
        bench.decide()
      }
      widest = Math.max(widest, bench.widest)
      for (let turn = 0; turn < 2_000 && bench.settled.length < bench.offered; turn += 1) {
        bench.nowMs += RETRY_MS
        bench.decide()
        bench.take()
        bench.end(0, [])
      }
      expect(bench.settled.toSorted((a, b) => a - b)).toEqual(Array.from({ length: bench.offered }, (_, n) => n))
      expect(bench.queue).toMatchObject({ heldRecords: 0, heldBytes: 0, admitted: 0 })
    }),
    { numRuns: 700 },
  )
  expect(widest).toBeGreaterThanOrEqual(3)
})

test('a batch that failed is tried again whole, though other records have become ready beside it', () => {
  const bench = new Bench()
  bench.offer(['a', 'b', 'c'])
  bench.take()
  bench.end(0, [0, 1, 2])
  bench.offer(['d', 'a'])
  bench.take()
  expect(bench.running[0]?.records.map(({ offset }) => offset)).toEqual([3])
  bench.nowMs += RETRY_MS
  bench.decide()
  bench.take()
  expect(bench.running[1]).toMatchObject({ attempt: 2, records: [{ offset: 0 }, { offset: 1 }, { offset: 2 }] })
})
