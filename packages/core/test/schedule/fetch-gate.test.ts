import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PauseCause } from '../../src/model/pause-cause.ts'
import { createOrdering } from '../../src/schedule/ordering.ts'
import { PartitionQueue } from '../../src/schedule/partition-queue.ts'
import { Scheduler } from '../../src/schedule/scheduler.ts'

const CAUSES: readonly PauseCause[] = ['user', 'uncommitted', 'metadata', 'watchdog', 'draining']
const step = fc.record({ cause: fc.constantFrom(...CAUSES), isHeld: fc.boolean(), isDecided: fc.boolean() })

test('a partition is paused while any cause holds, and no cause ends another', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const limits = {
        maxPollRecords: 10,
        maxPollBytes: 1_000,
        maxPollWaitMs: 0,
        maxBufferedRecords: 100,
        maxBufferedBytes: 1_000,
        maxPartitionBufferedRecords: 100,
        maxPartitionBufferedBytes: 1_000,
      }
      const scheduler = new Scheduler(limits, createOrdering('key', 'record'))
      const queue = new PartitionQueue({ topic: 't', partition: 0 }, false)
      scheduler.add(queue)
      const expected = new Set<PauseCause>()
      let isPaused = false
      const decide = (): void => {
        for (const { type } of scheduler.decide(0)) {
          if (type === 'pause' || type === 'resume') expect(type === 'pause').toBe(!isPaused)
          if (type === 'pause') isPaused = true
          if (type === 'resume') isPaused = false
        }
        expect(isPaused).toBe(expected.size > 0)
      }
      for (const { cause, isHeld, isDecided } of steps) {
        if (isHeld) expected.add(cause)
        else expected.delete(cause)
        if (isHeld) scheduler.hold(queue, cause)
        else scheduler.unhold(queue, cause)
        expect([...queue.holds].toSorted()).toEqual([...expected].toSorted())
        if (isDecided) decide()
      }
      decide()
    }),
    { numRuns: 500 },
  )
})
