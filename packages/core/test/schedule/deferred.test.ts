import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeferredLanes } from '../../src/schedule/deferred.ts'
import { Lane } from '../../src/schedule/lane.ts'
import { PartitionQueue } from '../../src/schedule/partition-queue.ts'

const queue = new PartitionQueue({ topic: 't', partition: 0 }, false)

test('lanes come back in the order in which they are due, and none before', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant('take' as const)), { maxLength: 100 }),
      (steps) => {
        const deferred = new DeferredLanes()
        const waiting: number[] = []
        for (const step of steps) {
          if (step === 'take') {
            const nowMs = 25
            const due = waiting.filter((dueMs) => dueMs <= nowMs).toSorted((a, b) => a - b)[0]
            expect(deferred.takeDue(nowMs)?.dueMs).toBe(due)
            if (due !== undefined) waiting.splice(waiting.indexOf(due), 1)
          } else {
            const lane = new Lane(queue, 0)
            lane.park(1, step)
            deferred.add(lane)
            waiting.push(step)
          }
          expect(deferred.nextDueMs).toBe(waiting.length === 0 ? undefined : Math.min(...waiting))
        }
        const rest = Array.from(waiting, () => deferred.takeDue(50)?.dueMs)
        expect(rest).toEqual(waiting.toSorted((a, b) => a - b))
        expect(deferred.takeDue(Number.POSITIVE_INFINITY)).toBeUndefined()
      },
    ),
    { numRuns: 1_000 },
  )
})
