import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onScript } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

const gated = (): { gate: Gate<ConsumerRecord>; handlers: ReturnType<typeof on>[] } => {
  const gate = new Gate<ConsumerRecord>()
  return { gate, handlers: [on('t', gate.handle)] }
}
const offsetsOf = (gate: Gate<ConsumerRecord>): string[] =>
  gate.calls.map(({ input }) => `${input.partition}@${input.offset}`)

test('a partition that records came for while nothing was taken is not retained: they would be passed over', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock } = await onScript({ handlers, commitInterval: { ms: 10 } })
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  const suspending = driver.sink.suspending()
  driver.sink.batch(batchOf(epoch, [1, 2]))
  gate.calls[0]?.end()
  await clock.settle()
  await suspending
  const partitions = [{ topic: 't', partition: 0, position: 1, committed: 1 }]
  const assignment = { partitions, retainable: partitions, memberId: 'm', generationId: 2 }
  const { epoch: next, retained } = driver.sink.assigned(assignment)
  expect(retained).toEqual([])
  driver.sink.batch(batchOf(next, [1, 2, 3]))
  for (let call = 1; call < 4; call += 1) {
    await clock.settle()
    gate.calls[call]?.end()
  }
  await clock.advance(20)
  expect(offsetsOf(gate)).toEqual(['0@0', '0@1', '0@2', '0@3'])
  expect(driver.requests.at(-1)).toMatchObject({ epoch: next, offset: 4 })
})

test('a partition that is halted stays so, though records came for it', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock, consumer } = await onScript({ handlers, maxAttempts: 1 })
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  gate.calls[0]?.fail(new Error('no'))
  await clock.settle()
  // What was on its way when it was paused.
  driver.sink.batch(batchOf(epoch, [1]))
  const suspending = driver.sink.suspending()
  await clock.settle()
  await suspending
  const partitions = [{ topic: 't', partition: 0, position: 0, committed: -1 }]
  const assignment = { partitions, retainable: partitions, memberId: 'm', generationId: 2 }
  const { epoch: next, retained } = driver.sink.assigned(assignment)
  expect(retained).toEqual([{ topic: 't', partition: 0 }])
  driver.sink.batch(batchOf(next, [0, 1]))
  await clock.advance('1s')
  expect(consumer.status().partitions).toMatchObject([{ phase: 'halted', epoch }])
  expect(offsetsOf(gate)).toEqual(['0@0'])
})

test('what was revoked and comes back while it drains begins anew after the drain', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock, events } = await onScript({ handlers, drainBudgetMs: 60_000 })
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  const partitions = [{ topic: 't', partition: 0 }]
  const revoking = driver.sink.revoking(partitions)
  driver.assign([], 2)
  await clock.settle()
  expect(events('group:lost')).toEqual([])
  gate.calls[0]?.end()
  await clock.settle()
  await revoking
  expect(driver.requests).toMatchObject([{ epoch, offset: 1 }])
  const next = driver.assign(
    partitions.map((partition) => ({ ...partition, position: 1, committed: 1 })),
    3,
  )
  driver.sink.batch(batchOf(next, [1]))
  await clock.settle()
  expect(offsetsOf(gate)).toEqual(['0@0', '0@1'])
})

test('a rebalance that ends while a stop drains keeps the epochs, so that the drain is committed', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock, consumer, events } = await onScript({ handlers, commitInterval: { ms: 60_000 } })
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  const stopping = consumer.stop()
  await clock.settle()
  const partitions = [{ topic: 't', partition: 0, position: 0, committed: -1 }]
  const { retained } = driver.sink.assigned({ partitions, retainable: partitions, memberId: 'm', generationId: 2 })
  expect(retained).toEqual([{ topic: 't', partition: 0 }])
  gate.calls[0]?.end()
  await clock.settle()
  await stopping
  expect(driver.requests).toMatchObject([{ epoch, offset: 1 }])
  expect(events('group:lost')).toEqual([])
  expect(gate.calls).toHaveLength(1)
})
