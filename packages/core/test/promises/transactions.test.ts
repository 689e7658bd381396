import { describe, expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { on } from '../../src/pipeline/handler.ts'
import { deadLetter, retry } from '../../src/policy/failure-policy.ts'
import { COPY, copying, numbers, ON, pass, UNSAID } from '../support/copy-scene.ts'
import { rig, values } from '../support/harness.ts'

describe('outputs and offsets become visible together', () => {
  test('outputs of what is settled are in the transaction that commits it, many records at a time', async () => {
    const story = await copying()
    story.broker.produce('t', values(0, 20))
    await story.clock.settle()
    expect(story.out()).toEqual([])
    await pass(story, 100)
    expect(story.out()).toEqual(numbers(20))
    expect(story.broker.committed('t', 0)).toBe(20)
    expect(story.broker.transactions).toHaveLength(1)
    expect(story.broker.transactions[0]?.transactionalId).toBe('g/t/0')
  })

  test('a batch of records per transaction, by count', async () => {
    const story = await copying({ commitInterval: { records: 10, ms: 60_000 } })
    story.broker.produce('t', values(0, 30))
    await story.clock.settle()
    expect(story.out()).toEqual(numbers(30))
    expect(story.broker.transactions.length).toBeLessThanOrEqual(3)
  })

  test('each partition has a transactional id of its own, with the prefix that was given', async () => {
    const story = await copying({ transactions: { transactionalIdPrefix: 'copy' } }, 2)
    story.broker.produce('t', [...values(0, 1, 0), ...values(1, 2, 1)])
    await pass(story)
    const ids = story.broker.transactions.map(({ transactionalId }) => transactionalId)
    expect(ids.toSorted()).toEqual(['copy/t/0', 'copy/t/1'])
  })

  test('outputs of records that are done past an open one go at once, and the text says that they are done', async () => {
    const held = Promise.withResolvers<void>()
    const handler = on('t', async ({ key, value }, { produce }) => {
      if (String(value) === '0') await held.promise
      produce({ topic: 'out', key, value })
    })
    const story = await copying({ order: 'key', handlers: [handler] })
    story.broker.produce(
      't',
      numbers(10).map((value) => ({ key: value, value })),
    )
    await pass(story)
    expect(story.out()).toEqual(numbers(10).slice(1))
    expect(story.broker.committed('t', 0)).toBe(0)
    story.broker.kill()
    const next = rig({ driver: story.broker.driver(), ...ON, order: 'key', handlers: [COPY] })
    next.start()
    await next.clock.settle()
    await pass(next)
    expect(story.out()).toEqual(numbers(10))
    held.resolve()
    await pass(story)
    expect(story.out()).toEqual(numbers(10))
  })

  test('outputs of an attempt that fails are dropped', async () => {
    const handler = on('t', ({ value }, { produce, attempt }) => {
      produce({ topic: 'out', value })
      if (attempt < 3) throw new Error('no')
    })
    const story = await copying({ handlers: [handler] })
    story.broker.produce('t', values(0, 2))
    for (let round = 0; round < 5; round += 1) await pass(story)
    expect(story.out()).toEqual(numbers(2))
  })

  test('what is dead leaves a dead letter, and nothing of what it had produced', async () => {
    const broker = fakeBroker()
    for (const topic of ['t', 'out', 'dead']) broker.createTopic(topic)
    const handler = on('t', (_, { produce }) => {
      produce({ topic: 'out', value: 'x' })
      throw new Error('no')
    })
    const story = rig({
      driver: broker.driver(),
      delivery: 'exactly-once',
      transactions: true,
      ...UNSAID,
      handlers: [handler],
      onFailure: retry({ attempts: 1 }).then(deadLetter()),
      deadLetterTopic: 'dead',
    })
    story.start()
    await story.clock.settle()
    broker.produce('t', values(0, 1))
    await pass(story)
    expect(broker.records('dead')).toHaveLength(1)
    expect(broker.records('out')).toHaveLength(0)
    expect(broker.committed('t', 0)).toBe(1)
  })

  test('a stop commits what is settled', async () => {
    const story = await copying({ commitInterval: { records: 1_000, ms: 60_000 } })
    story.broker.produce('t', values(0, 5))
    await story.clock.settle()
    const stopped = story.consumer.stop()
    await pass(story)
    await stopped
    expect(story.out()).toEqual(numbers(5))
    expect(story.broker.committed('t', 0)).toBe(5)
  })
})

describe('a transaction without an answer', () => {
  test.each(['begin', 'send', 'offsets', 'commit'] as const)('that failed at %s is repeated', async (step) => {
    const calls: string[] = []
    const handler = on('t', ({ value }, { produce }) => {
      calls.push(String(value))
      produce({ topic: 'out', value })
    })
    const story = await copying({ handlers: [handler] })
    story.broker.failTransactions({ step, times: 3 })
    story.broker.produce('t', values(0, 5))
    await pass(story, 100)
    expect(story.out()).toEqual([])
    expect(story.broker.committed('t', 0)).toBe(-1)
    story.broker.produce('t', values(5, 10))
    for (let round = 0; round < 5; round += 1) await pass(story)
    expect(story.out()).toEqual(numbers(10))
    expect(story.broker.committed('t', 0)).toBe(10)
    expect(calls).toEqual(numbers(10))
    expect(story.events('commit:unknown')).toHaveLength(3)
  })

  test('that had succeeded is not repeated', async () => {
    const story = await copying()
    story.broker.failTransactions({ step: 'commit', stored: true })
    story.broker.produce('t', values(0, 5))
    await pass(story, 100)
    expect(story.out()).toEqual(numbers(5))
    story.broker.produce('t', values(5, 10))
    for (let round = 0; round < 3; round += 1) await pass(story)
    expect(story.out()).toEqual(numbers(10))
    expect(story.broker.committed('t', 0)).toBe(10)
  })

  test('holds back its own partition only', async () => {
    const story = await copying({}, 2)
    story.broker.failTransactions({ step: 'send', times: 1 })
    story.broker.produce('t', values(0, 1, 0))
    await pass(story, 100)
    story.broker.produce('t', values(1, 2, 1))
    await pass(story, 100)
    expect(story.broker.committed('t', 1)).toBe(1)
  })

  test('in a drain is repeated within its time, and where that ends nothing is committed early', async () => {
    const story = await copying({ commitInterval: { records: 1_000, ms: 60_000 } })
    story.broker.produce('t', values(0, 5))
    await story.clock.settle()
    story.broker.failTransactions({ step: 'commit', times: 1_000 })
    const stopped = story.consumer.stop()
    await pass(story, 40_000)
    await stopped
    expect(story.out()).toEqual([])
    expect(story.broker.committed('t', 0)).toBe(-1)
  })
})

describe('whoever is late is fenced', () => {
  test('a zombie writes and commits nothing; the new owner starts where its last transaction ended', async () => {
    const story = await copying()
    story.broker.produce('t', values(0, 5))
    await story.clock.settle()
    story.broker.expire()
    const heir = rig({ driver: story.broker.driver(), ...ON, handlers: [COPY] }, story.clock)
    heir.start()
    await story.clock.settle()
    for (let round = 0; round < 5; round += 1) await pass(story)
    expect(story.out()).toEqual(numbers(5))
    expect(story.broker.committed('t', 0)).toBe(5)
  })

  test('another process that claims the id of a partition that is ours ends the run, with a code of its own', async () => {
    const story = await copying()
    story.broker.claimTransactionalId('g/t/0')
    story.broker.produce('t', values(0, 5))
    for (let round = 0; round < 3; round += 1) await pass(story, 10_000)
    expect(story.ended()).toMatchObject({ code: 'HF_TRANSACTIONAL_ID_TAKEN' })
    expect(story.out()).toEqual([])
    expect(story.broker.committed('t', 0)).toBe(-1)
  })

  test('a rebalance that takes a partition away commits what is settled before', async () => {
    const story = await copying({ commitInterval: { records: 1_000, ms: 60_000 } }, 2)
    story.broker.produce('t', [...values(0, 5, 0), ...values(5, 10, 1)])
    await story.clock.settle()
    const other = rig({ driver: story.broker.driver(), ...ON, handlers: [COPY] }, story.clock)
    other.start()
    await pass(story)
    expect(story.broker.assignments('g')).toHaveLength(2)
    await pass(story, 60_000)
    expect(story.out()).toEqual(numbers(10))
  })
})

describe('memory is bounded', () => {
  test('a partition takes on nothing more while its outputs exceed maxOutputBytes', async () => {
    const story = await copying({
      transactions: { maxOutputBytes: 20_000 },
      maxPollRecords: 1,
      concurrency: 1,
      handlers: [on('t', ({ value }, { produce }) => produce({ topic: 'out', value: String(value).padStart(5_000) }))],
    })
    const release = story.broker.holdTransactions()
    story.broker.produce('t', values(0, 100))
    await pass(story)
    expect(story.consumer.status().partitions[0]?.pausedBy).toContain('outputs')
    release()
    for (let round = 0; round < 60; round += 1) await pass(story)
    expect(story.broker.committed('t', 0)).toBe(100)
    expect(story.broker.records('out')).toHaveLength(100)
  })
})
