import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lane } from '../../src/schedule/lane.ts'
import { PartitionQueue } from '../../src/schedule/partition-queue.ts'
import { ReadyRing } from '../../src/schedule/ready-ring.ts'

const queuesOf = (count: number): PartitionQueue[] =>
  Array.from({ length: count }, (_, partition) => new PartitionQueue({ topic: 't', partition }, false))

test('partitions take turns, however many lanes each of them has', () => {
  const [busy, quiet] = queuesOf(2) as [PartitionQueue, PartitionQueue]
  const ring = new ReadyRing(Number.POSITIVE_INFINITY)
  for (let key = 0; key < 100; key += 1) ring.add(new Lane(busy, key))
  for (let key = 0; key < 3; key += 1) ring.add(new Lane(quiet, key))
  const taken = Array.from({ length: 6 }, () => ring.take()?.queue)
  expect(taken.filter((queue) => queue === quiet)).toHaveLength(3)
})

test('a lane that comes back waits behind the others of its partition', () => {
  const [queue] = queuesOf(1) as [PartitionQueue]
  const ring = new ReadyRing(Number.POSITIVE_INFINITY)
  const [hot, cold] = [new Lane(queue, 'hot'), new Lane(queue, 'cold')]
  ring.add(hot)
  ring.add(cold)
  expect(ring.take()).toBe(hot)
  ring.release(queue)
  ring.add(hot)
  expect([ring.take(), ring.take(), ring.take()]).toEqual([cold, hot, undefined])
})

test('what is removed is not taken, and its slots come back without harm', () => {
  const [queue] = queuesOf(1) as [PartitionQueue]
  const ring = new ReadyRing(1)
  ring.add(new Lane(queue, 1))
  ring.add(new Lane(queue, 2))
  ring.take()
  ring.remove(queue)
  ring.release(queue)
  expect([ring.size, ring.take()]).toEqual([0, undefined])
})

test('every lane is taken exactly once, no partition has more than its slots, and none waits while it has one free', () => {
  const step = fc.record({ type: fc.constantFrom('add', 'add', 'take', 'release'), partition: fc.nat(3) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 3 }), (steps, cap) => {
      const queues = queuesOf(4)
      const ring = new ReadyRing(cap)
      const waiting = queues.map((): Lane[] => [])
      const running = queues.map(() => 0)
      for (const [key, { type, partition }] of steps.entries()) {
        const queue = queues[partition] as PartitionQueue
        if (type === 'add') {
          const lane = new Lane(queue, key)
          ring.add(lane)
          waiting[partition]?.push(lane)
        } else if (type === 'release') {
          if (running[partition] === 0) continue
          running[partition] = (running[partition] as number) - 1
          ring.release(queue)
        } else {
          const mayRun = queues.some(
            (_, index) => (waiting[index] as Lane[]).length > 0 && (running[index] as number) < cap,
          )
          const lane = ring.take()
          expect(lane !== undefined).toBe(mayRun)
          if (lane === undefined) continue
          const index = queues.indexOf(lane.queue)
          expect(waiting[index]?.shift()).toBe(lane)
          running[index] = (running[index] as number) + 1
          expect(running[index]).toBeLessThanOrEqual(cap)
        }
      }
    }),
    { numRuns: 500 },
  )
})
