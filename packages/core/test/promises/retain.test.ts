import { expect, test } from 'vitest'
import type { ConsumerOptions } from '../../src/config/options.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, onScript, type Rig, rig, values } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

const EAGER: Partial<ConsumerOptions> = { partitionAssignmentStrategy: ['range'] }
const COOPERATIVE: Partial<ConsumerOptions> = { partitionAssignmentStrategy: ['cooperative-sticky'] }

const gated = (): { gate: Gate<ConsumerRecord>; handlers: ReturnType<typeof on>[] } => {
  const gate = new Gate<ConsumerRecord>()
  return { gate, handlers: [on('t', gate.handle)] }
}
const offsetsOf = (gate: Gate<ConsumerRecord>): string[] =>
  gate.calls.map(({ input }) => `${input.partition}@${input.offset}`)
const epochs = ({ consumer }: Rig): number[] => consumer.status().partitions.map(({ epoch }) => epoch)

test('an eager rebalance keeps buffer, lanes, ledger and epoch of a partition that comes back', async () => {
  const { gate, handlers } = gated()
  const made = await onBroker({ ...EAGER, handlers, drainBudgetMs: 5_000, commitInterval: { ms: 60_000 } })
  const { broker, clock, events } = made
  broker.produce('t', values(0, 50))
  await clock.settle()
  const fetched = events('batch:received').length
  void broker.rebalance()
  await clock.settle()
  expect(made.consumer.status().partitions[0]).toMatchObject({ phase: 'draining', heldRecords: 50 })
  gate.calls[0]?.end()
  await clock.settle()
  expect(events('group:joined').map(({ added }) => added.length)).toEqual([1, 0])
  expect(broker.committed('t', 0)).toBe(1)
  expect(events('batch:received')).toHaveLength(fetched)
  expect(epochs(made)).toEqual([1])
  expect(offsetsOf(gate)).toEqual(['0@0', '0@1'])
  for (let call = 1; call < 50; call += 1) {
    gate.calls[call]?.end()
    await clock.settle()
  }
  expect(offsetsOf(gate)).toEqual(Array.from({ length: 50 }, (_, offset) => `0@${offset}`))
})

test('nothing starts between the drain and the assignment, and parked lanes keep their attempts over it', async () => {
  const attempts: [offset: number, attempt: number][] = []
  const handlers = [
    on('t', ({ offset }, { attempt }) => {
      attempts.push([offset, attempt])
      if (attempt === 1) throw new Error('once')
    }),
  ]
  const { driver, epoch, clock, consumer } = await onScript({ handlers, order: 'none', retryBackoffMs: 1_000 })
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  const suspending = driver.sink.suspending()
  await clock.settle()
  await suspending
  expect(consumer.status().partitions[0]).toMatchObject({ phase: 'suspended', pausedBy: ['draining'] })
  await clock.advance('1m')
  expect(attempts).toEqual([
    [0, 1],
    [1, 1],
  ])
  const partitions = [{ topic: 't', partition: 0 }]
  driver.assign(partitions, 2, partitions)
  await clock.advance('1m')
  expect(attempts.slice(2).sort()).toEqual([
    [0, 2],
    [1, 2],
  ])
  expect(driver.requests.at(-1)).toMatchObject({ epoch, offset: 2 })
})

test('a partition whose handler did not end in time is not retained, and is fetched though it was paused', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock, consumer } = await onScript({
    handlers,
    drainBudgetMs: 1_000,
    maxPartitionBufferedRecords: 2,
  })
  driver.sink.batch(batchOf(epoch, [0, 1, 2]))
  await clock.settle()
  void driver.sink.suspending()
  await clock.advance('5s')
  const partitions = [{ topic: 't', partition: 0 }]
  const next = driver.assign(partitions, 2, partitions)
  expect(next).toBeGreaterThan(epoch)
  expect(driver.calls.at(-1)).toBe('resume t/0')
  driver.sink.batch(batchOf(next, [0]))
  await clock.settle()
  expect(consumer.status().partitions[0]).toMatchObject({ phase: 'active', epoch: next })
  expect(offsetsOf(gate)).toEqual(['0@0', '0@0'])
})

test('what was suspended and goes to another member is given up; what was not suspended is lost', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock, events } = await onScript({ handlers }, 3)
  driver.sink.batch(batchOf(epoch, [0], { partition: 2 }))
  await clock.settle()
  const first = [{ topic: 't', partition: 0 }]
  driver.assign([...first, { topic: 't', partition: 2 }], 2, [...first, { topic: 't', partition: 2 }])
  expect(events('group:lost')).toMatchObject([{ partitions: [{ partition: 1 }] }])
  gate.calls[0]?.end()
  await clock.settle()
  void driver.sink.suspending()
  await clock.settle()
  driver.assign(first, 3, first)
  expect(events('group:revoked')).toEqual([{ partitions: [{ topic: 't', partition: 2 }] }])
  expect(events('group:lost')).toHaveLength(1)
  expect(driver.requests).toMatchObject([{ partition: 2, offset: 1 }])
})

test('a partition that others may have had begins anew, though it comes back in order', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock, events } = await onScript({ handlers })
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  const suspending = driver.sink.suspending()
  gate.calls[0]?.end()
  await clock.settle()
  await suspending
  const next = driver.assign([{ topic: 't', partition: 0, position: 7, committed: 7 }], 3)
  expect(events('group:joined').at(-1)?.added).toEqual([expect.objectContaining({ topic: 't', partition: 0 })])
  await clock.settle()
  expect(offsetsOf(gate), 'what was held is dropped').toEqual(['0@0'])
  driver.sink.batch(batchOf(next, [7]))
  await clock.settle()
  expect(offsetsOf(gate)).toEqual(['0@0', '0@7'])
})

test('a cooperative rebalance leaves running handlers alone and starts others meanwhile', async () => {
  const { gate, handlers } = gated()
  const made = await onBroker({ ...COOPERATIVE, handlers })
  const { broker, clock, events } = made
  broker.produce('t', values(0, 3))
  await clock.settle()
  for (let round = 0; round < 3; round += 1) {
    void broker.rebalance()
    await clock.settle()
    expect(gate.calls[round]?.signal.aborted).toBe(false)
    gate.calls[round]?.end()
    await clock.settle()
  }
  expect(events('drain:ended')).toEqual([])
  expect(epochs(made)).toEqual([1])
  await clock.advance('2s')
  expect(offsetsOf(gate)).toEqual(['0@0', '0@1', '0@2'])
  expect(broker.committed('t', 0)).toBe(3)
})

test('under a cooperative strategy only what moves is drained, and its new owner waits for that', async () => {
  const [mine, theirs] = [gated(), gated()]
  const first = await onBroker({ ...COOPERATIVE, handlers: mine.handlers, drainBudgetMs: 60_000 }, 2)
  const { broker, clock } = first
  broker.produce('t', [...values(0, 3, 0), ...values(0, 3, 1)])
  await clock.settle()
  expect(offsetsOf(mine.gate)).toEqual(['0@0', '1@0'])
  const second = rig({ driver: broker.driver(), ...COOPERATIVE, handlers: theirs.handlers }, clock)
  second.start()
  await clock.advance('10s')
  expect(theirs.gate.calls).toEqual([])
  expect(second.consumer.status().partitions).toEqual([])
  mine.gate.calls[0]?.end()
  await clock.settle()
  expect(offsetsOf(mine.gate)).toEqual(['0@0', '1@0', '0@1'])
  mine.gate.calls[1]?.end()
  await clock.advance('1s')
  expect(first.events('group:revoked')).toEqual([{ partitions: [{ topic: 't', partition: 1 }] }])
  expect(offsetsOf(theirs.gate)).toEqual(['1@1'])
  expect(offsetsOf(mine.gate)).toEqual(['0@0', '1@0', '0@1'])
  expect(epochs(first)).toEqual([1])
})

test('a member with an eager strategy alone takes partitions in use from the others, which is told as a loss', async () => {
  const { gate, handlers } = gated()
  const strategies: Partial<ConsumerOptions> = { partitionAssignmentStrategy: ['cooperative-sticky', 'range'] }
  const first = await onBroker({ ...strategies, handlers }, 2)
  const { broker, clock } = first
  broker.produce('t', [...values(0, 2, 0), ...values(0, 2, 1)])
  await clock.settle()
  const second = rig({ driver: broker.driver(), ...EAGER }, clock)
  second.start()
  await clock.settle()
  expect(first.events('group:lost')).toMatchObject([{ partitions: [{ partition: 1 }] }])
  expect(gate.calls[1]?.signal.reason).toMatchObject({ details: { reason: 'lost' } })
  expect(gate.calls[0]?.signal.aborted).toBe(false)
  for (const { end } of gate.calls) end()
  await clock.advance('5s')
  expect(first.events('attempt:stale')).toMatchObject([{ partition: 1, offset: 0 }])
  expect(broker.committed('t', 1)).toBe(2)
  void broker.rebalance()
  await clock.settle()
  expect(first.consumer.status().partitions).toMatchObject([{ partition: 0, phase: 'draining' }])
})

test('a pause by the user goes on with a partition that is retained', async () => {
  const { gate, handlers } = gated()
  const { broker, clock, consumer } = await onBroker({ ...EAGER, handlers })
  consumer.pause('t')
  broker.produce('t', values(0, 2))
  await broker.rebalance()
  await clock.settle()
  expect(consumer.status().partitions[0]).toMatchObject({ phase: 'active', pausedBy: ['user'] })
  expect(gate.calls).toEqual([])
  consumer.resume('t')
  await clock.settle()
  expect(offsetsOf(gate)).toEqual(['0@0'])
})

test('stop while a join is under way commits what is done and leaves nothing behind', async () => {
  const { gate, handlers } = gated()
  const { driver, epoch, clock, consumer, ended } = await onScript({ handlers, commitInterval: { ms: 60_000 } })
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  const suspending = driver.sink.suspending()
  gate.calls[0]?.end()
  await clock.settle()
  await suspending
  const stopping = consumer.stop()
  await clock.settle()
  expect(await stopping).toEqual({ abandoned: [] })
  expect(ended()).toBe('resolved')
  expect(driver.requests).toMatchObject([{ offset: 1 }])
  expect(clock.pendingTimers).toBe(0)
  expect(gate.calls).toHaveLength(1)
})
