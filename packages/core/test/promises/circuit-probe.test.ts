import { describe, expect, test } from 'vitest'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { on } from '../../src/pipeline/handler.ts'
import type { Middleware } from '../../src/pipeline/middleware.ts'
import { deadLetter } from '../../src/policy/failure-policy.ts'
import { breaker, committed, Down, names, Server, serving } from '../support/circuit-scene.ts'
import { values } from '../support/harness.ts'

/** A batch handler that answers for each record: all fail while the server is down, and always those that `isBad` is for. */
async function batches(
  options: Partial<ConsumerOptions>,
  isBad: (record: { readonly offset: number }) => boolean = () => false,
  circuit = breaker(),
) {
  const sizes: number[] = []
  const server = new Server()
  const handler = on('t', { circuit, batch: true }, (records) => {
    sizes.push(records.length)
    return records.map((record) => (server.isDown || isBad(record) ? new Down() : undefined))
  })
  const made = await serving({ handlers: [handler], maxBatchRecords: 10, ...options }, { server })
  return { ...made, sizes }
}

describe('the probe', () => {
  test('is one record over all partitions of all handlers that share the dependency', async () => {
    const server = new Server()
    const circuit = breaker()
    const handlers = [on('t', { circuit }, server.handle), on('other', { circuit }, server.handle)]
    const { broker, clock, consumer } = await serving({ handlers }, { partitions: 3, server })
    server.isDown = true
    for (const topic of ['t', 'other'])
      for (const partition of [0, 1, 2]) broker.produce(topic, values(0, 20, partition))
    await clock.advance(900)
    server.holds = true
    const before = server.calls.length
    await clock.advance('1m')
    expect(server.calls).toHaveLength(before + 1)
    expect(consumer.status()).toMatchObject({
      circuits: [{ state: 'half-open', topics: ['t', 'other'], waiting: 6 }],
      slots: { busy: 1 },
    })
    server.held[0]?.fail()
    await clock.advance(1_900)
    expect(server.calls).toHaveLength(before + 1)
    await clock.advance('1m')
    expect(server.calls).toHaveLength(before + 2)
    server.isDown = false
    server.holds = false
    server.held[1]?.end()
    await clock.advance('5s')
    expect([committed(broker, 3), committed(broker, 3, 'other')]).toEqual([
      [20, 20, 20],
      [20, 20, 20],
    ])
  })

  test('that fails for reasons of its own says nothing of the dependency: the next one is tried at once', async () => {
    const server = new Server()
    const refused: number[] = []
    let refuses = false
    const handler = on('t', { circuit: breaker() }, (record) => {
      if (!refuses || refused.length === 2) return server.handle(record)
      refused.push(record.offset)
      throw new Error('550')
    })
    const { broker, clock, told, events, dead } = await serving({ handlers: [handler], maxAttempts: 4 })
    server.isDown = true
    broker.produce('t', values(0, 20))
    await clock.advance(900)
    refuses = true
    await clock.advance('2s')
    expect(new Set(refused).size).toBe(2)
    expect(names(told)).toEqual(['circuit:opened', 'circuit:half-open', 'circuit:opened'])
    expect(events('circuit:opened').map(({ waitMs }) => waitMs)).toEqual([1_000, 2_000])
    server.isDown = false
    await clock.advance('5s')
    expect([broker.committed('t', 0), dead()]).toEqual([20, []])
  })

  test('that a middleware answers in the place of the handler says nothing of the dependency either', async () => {
    const server = new Server()
    const answered: number[] = []
    let isToAnswer = false
    const repeats: Middleware = (call, next) => {
      if (!isToAnswer || answered.length === 2) return next()
      answered.push(call.raw[0]?.offset as number)
      return undefined
    }
    const handlers = [on('t', { circuit: breaker(), use: [repeats] }, server.handle)]
    const { broker, clock, told, events } = await serving({ handlers }, { server })
    server.isDown = true
    broker.produce('t', values(0, 20))
    await clock.advance(900)
    isToAnswer = true
    await clock.advance('2s')
    expect(answered).toHaveLength(2)
    expect(names(told)).toEqual(['circuit:opened', 'circuit:half-open', 'circuit:opened'])
    server.isDown = false
    await clock.advance('5s')
    expect([events('circuit:closed').length, broker.committed('t', 0)]).toEqual([1, 20])
  })

  test('that goes with its partition does not leave the circuit half-open: another one is tried', async () => {
    const { broker, clock, server, events, consumer } = await serving()
    server.isDown = true
    broker.produce('t', values(0, 20))
    await clock.advance(900)
    server.holds = true
    await clock.advance(300)
    expect(server.held).toHaveLength(1)
    broker.lose()
    server.isDown = false
    server.holds = false
    await clock.advance('5s')
    expect(events('circuit:closed')).toHaveLength(1)
    expect(broker.committed('t', 0)).toBe(20)
    expect(consumer.status().circuits).toMatchObject([{ state: 'closed' }])
  })

  test('that does not come back by its deadline does not leave the circuit half-open either', async () => {
    const server = new Server()
    const { broker, clock, events, consumer } = await serving(
      { handlerTimeoutMs: 10_000, maxPollIntervalMs: 60_000 },
      { server },
    )
    server.isDown = true
    broker.produce('t', values(0, 20))
    await clock.advance(900)
    server.holds = true
    await clock.advance('5s')
    expect(server.held).toHaveLength(1)
    server.isDown = false
    server.holds = false
    await clock.advance('20s')
    expect(events('circuit:closed')).toHaveLength(1)
    expect(consumer.status().partitions.at(-1)).toMatchObject({ topic: 't', open: 1 })
    // It fails late, by the dependency, which says nothing any more.
    server.held[0]?.fail()
    await clock.advance('5s')
    expect([broker.committed('t', 0), events('circuit:opened').length]).toEqual([20, 1])
  })

  test('a partition that came while it was open has one too', async () => {
    const { broker, clock, server, events, consumer } = await serving()
    server.isDown = true
    broker.produce('t', values(0, 20))
    await clock.advance(900)
    const before = server.calls.length
    broker.lose()
    await clock.settle()
    expect(consumer.status().partitions).toMatchObject([{ topic: 'other' }, { pausedBy: ['circuit'], open: 20 }])
    await clock.advance(500)
    expect(server.calls).toHaveLength(before + 1)
    server.isDown = false
    await clock.advance('5s')
    expect(events('circuit:closed')).toHaveLength(1)
    expect(broker.committed('t', 0)).toBe(20)
  })

  test('finds other records when those that were there have failed by themselves', async () => {
    let thrown: Error | undefined = new Down()
    const handler = on('t', { circuit: breaker() }, () => {
      if (thrown !== undefined) throw thrown
    })
    const { broker, clock, consumer, dead } = await serving({ handlers: [handler] })
    broker.produce('t', values(0, 10))
    await clock.advance(900)
    expect(consumer.status().partitions.at(-1)?.pausedBy).toEqual(['circuit'])
    thrown = new Error('550')
    await clock.advance('5s')
    expect([dead().length, broker.committed('t', 0)]).toEqual([10, 10])
    thrown = undefined
    broker.produce('t', values(10, 20))
    await clock.advance('5s')
    expect(broker.committed('t', 0)).toBe(20)
    expect(consumer.status().circuits).toMatchObject([{ state: 'closed' }])
  })

  test('of a batch handler is one record, whatever its lane holds', async () => {
    const { broker, clock, sizes, server, dead } = await batches({ order: 'partition' })
    server.isDown = true
    broker.produce('t', values(0, 40))
    await clock.advance('1m')
    // A call that fails for all of its records is one failure.
    expect(sizes.slice(0, 3)).toEqual([10, 10, 10])
    expect(sizes.length).toBeGreaterThan(6)
    expect(sizes.slice(3).every((size) => size === 1)).toBe(true)
    server.isDown = false
    await clock.advance('3m')
    expect([broker.committed('t', 0), dead()]).toEqual([40, []])
  })
})

describe('a batch', () => {
  test('of which some records succeed does not open the circuit', async () => {
    const first = breaker({ consecutiveFailures: 1 })
    const isBad = ({ offset }: { readonly offset: number }): boolean => offset % 10 === 7
    const { broker, clock, events, dead } = await batches({ onFailure: deadLetter() }, isBad, first)
    broker.produce('t', values(0, 60))
    await clock.advance('5s')
    expect(dead()).toHaveLength(6)
    expect(events('circuit:opened')).toEqual([])
    expect(broker.committed('t', 0)).toBe(60)
  })
})
