import { expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { declareMiddleware, type Middleware } from '../../src/pipeline/middleware.ts'
import { rig, values } from '../support/harness.ts'

/** Middleware that keeps progress itself, and what it is told of the group's. */
function keeper(position: number) {
  const told: (readonly [groupId: string, partition: number, offset: number])[] = []
  const keeping: Middleware = (_call, next) => next()
  const middleware = declareMiddleware(keeping, {
    startsAt: async (_groupId, partitions) => partitions.map((assigned) => ({ ...assigned, position })),
    committed: (groupId, { partition }, offset) => void told.push([groupId, partition, offset]),
  })
  return { middleware, told }
}

test('middleware that keeps progress has the last word on where partitions begin, and hears what is committed', async () => {
  const broker = fakeBroker()
  broker.createTopic('t')
  broker.produce('t', values(0, 10))
  const handled: number[] = []
  const { middleware, told } = keeper(7)
  // Named for the consumer and for the handler, it is asked once.
  const handlers = [on('t', { use: [middleware] }, ({ offset }: ConsumerRecord) => void handled.push(offset))]
  const made = rig({ driver: broker.driver(), use: [middleware], handlers })
  made.start()
  await made.clock.advance('6s')
  expect(handled).toEqual([7, 8, 9])
  expect(broker.committed('t', 0)).toBe(10)
  expect(told.at(-1)).toEqual(['g', 0, 10])
  expect(new Set(told.map(String)).size).toBe(told.length)
})
