import { afterEach, describe, expect, test, vi } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { on } from '../../src/pipeline/handler.ts'
import { readDeadLetter } from '../../src/pipeline/read-dead-letter.ts'
import { type CopyOptions, copyingWithLetters, DEAD, numbers, pass } from '../support/copy-scene.ts'
import { values } from '../support/harness.ts'

const UNREACHABLE = new HoldfastError('HF_BROKER_UNREACHABLE', 'no broker answers.')
const TOO_LARGE = new HoldfastError('HF_RECORD_TOO_LARGE', 'too large.')

/** What is copied ends in `7` or not; the copy of what does fails after it was produced. */
const COPY_OR_FAIL = on('t', ({ key, value }, { produce }) => {
  produce({ topic: 'out', key, value })
  if (String(value).endsWith('7')) throw new Error('no')
})

async function copying(options: CopyOptions = {}, partitions = 1) {
  const broker = fakeBroker()
  broker.createTopic('t', partitions)
  const made = await copyingWithLetters(broker, { maxAttempts: 1, handlers: [COPY_OR_FAIL], ...options })
  const letters = () => broker.records(DEAD).map((letter) => readDeadLetter(letter)?.source.offset)
  const committed = (partition = 0) => broker.committed('t', partition)
  return { ...made, letters, committed }
}

const healthy = (count: number): string[] => numbers(count).filter((value) => !value.endsWith('7'))

afterEach(() => void vi.restoreAllMocks())

describe('a dead letter and the offset of its record become visible together', () => {
  test('in one transaction with the outputs of others, and it is told then', async () => {
    const { broker, clock, out, letters, committed, events, consumer } = await copying()
    const release = broker.holdTransactions()
    broker.produce('t', values(0, 20))
    await pass({ clock })
    expect([letters(), committed(), events('record:dead'), consumer.status().dead]).toEqual([[], -1, [], 0])
    release()
    await pass({ clock })
    expect([out(), letters(), committed()]).toEqual([healthy(20), [7, 17], 20])
    expect(events('record:dead')).toMatchObject([
      { offset: 7, deadLetterTopic: DEAD, error: new Error('no') },
      { offset: 17 },
    ])
    expect(consumer.status()).toMatchObject({ dead: 2, health: { status: 'healthy' } })
    expect(broker.transactions).toHaveLength(1)
  })

  test.each(['begin', 'send', 'offsets', 'commit'] as const)(
    'a member that is killed at %s leaves one letter',
    async (step) => {
      const { broker, clock, begin, out, letters, committed } = await copying()
      for (const stored of step === 'commit' ? [false, true] : [false]) broker.failTransactions({ step, stored })
      broker.produce('t', values(0, 20))
      await pass({ clock }, 150)
      broker.kill()
      begin(clock)
      for (let round = 0; round < 5; round += 1) await pass({ clock })
      expect([out(), letters(), committed()]).toEqual([healthy(20), [7, 17], 20])
    },
  )

  test('a transaction without an answer is repeated with the same letters', async () => {
    const { broker, clock, out, letters, committed, events } = await copying()
    broker.failTransactions({ step: 'commit', times: 2 })
    broker.failTransactions({ step: 'commit', stored: true })
    broker.produce('t', values(0, 20))
    for (let round = 0; round < 5; round += 1) await pass({ clock })
    expect([out(), letters(), committed()]).toEqual([healthy(20), [7, 17], 20])
    expect(events('record:dead')).toHaveLength(2)
  })

  test('of a batch each record has its own end', async () => {
    const handler = on('t', { batch: true }, (records, { produce }) => {
      for (const record of records) produce({ topic: 'out', value: record.value }, record)
      return records.map(({ value }) => (String(value).endsWith('7') ? new Error('no') : undefined))
    })
    const { broker, clock, out, letters, committed } = await copying({ handlers: [handler] })
    broker.produce('t', values(0, 20))
    await pass({ clock })
    expect([out(), letters(), committed()]).toEqual([healthy(20), [7, 17], 20])
  })

  test('a thousand of them take a few transactions', async () => {
    const { broker, clock, letters, committed } = await copying({
      handlers: [
        on('t', () => {
          throw new Error('no')
        }),
      ],
    })
    broker.produce('t', values(0, 1_000))
    for (let round = 0; round < 10; round += 1) await pass({ clock })
    expect([letters(), committed()]).toEqual([numbers(1_000).map(Number), 1_000])
    expect(broker.transactions.length).toBeLessThan(20)
  })
})

describe('a letter that its topic does not take', () => {
  test('holds back its record and what settled after it, no other partition, and nothing before it', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const { broker, clock, out, letters, committed, events, consumer } = await copying({}, 2)
    broker.refuseOutputs(DEAD, { error: UNREACHABLE })
    broker.produce('t', [...values(0, 20, 0), ...values(20, 25, 1)])
    await pass({ clock }, 2_000)
    expect([committed(0), committed(1), letters()]).toEqual([7, 5, []])
    expect(out().toSorted()).toEqual([...numbers(7), ...numbers(25).slice(20)].toSorted())
    expect(consumer.status()).toMatchObject({
      dead: 0,
      health: { status: 'unhealthy', reasons: [{ code: 'dead-letter-failing', topic: 't', partition: 0 }] },
    })
    expect(consumer.status().partitions[0]?.pausedBy).toContain('dead letter')
    const failed = events('deadletter:failed')
    expect(failed.length).toBeGreaterThan(2)
    expect(failed[0]).toMatchObject({
      ...{ offset: 7, deadLetterTopic: DEAD, retryInMs: expect.any(Number) },
      error: { code: 'HF_DEAD_LETTER_FAILED', cause: UNREACHABLE },
    })
    expect(failed[1]?.retryInMs).toBeGreaterThan(failed[0]?.retryInMs as number)
    expect(events('commit:unknown')).toEqual([])
    broker.refuseOutputs(DEAD)
    for (let round = 0; round < 20; round += 1) await pass({ clock })
    expect([committed(), letters(), out().length]).toEqual([20, [7, 17], 23])
    expect(consumer.status()).toMatchObject({ dead: 2, health: { status: 'healthy' } })
    expect(consumer.status().partitions[0]?.pausedBy).toEqual([])
    broker.produce('t', values(25, 40, 0))
    await pass({ clock })
    expect([committed(), letters()]).toEqual([35, [7, 17, 22, 32]])
  })

  test('is written when the topic is there, and its offset is not committed before', async () => {
    const { broker, clock, out, letters, committed, events } = await copying()
    const missing = new HoldfastError('HF_TOPIC_MISSING', 'it does not exist.')
    broker.refuseOutputs(DEAD, { error: missing })
    broker.produce('t', values(7, 8))
    await pass({ clock }, 30_000)
    expect([committed(), out(), letters()]).toEqual([-1, [], []])
    expect(events('deadletter:failed')[0]?.error).toMatchObject({ cause: missing })
    broker.refuseOutputs(DEAD)
    await pass({ clock }, 60_000)
    expect([committed(), letters()]).toEqual([1, [0]])
  })

  test('keeps the order of its key, also when its member is killed', async () => {
    let isMended = false
    const handler = on('t', ({ key, value }, { produce }) => {
      produce({ topic: 'out', key, value })
      if (String(value) === '1' && !isMended) throw new Error('no')
    })
    const { broker, clock, begin, out, committed } = await copying({ order: 'key', handlers: [handler] })
    broker.refuseOutputs(DEAD, { error: UNREACHABLE })
    broker.produce(
      't',
      numbers(6).map((value) => ({ key: 'k', value })),
    )
    await pass({ clock }, 2_000)
    expect([out(), committed()]).toEqual([['0'], 1])
    broker.kill()
    isMended = true
    begin(clock)
    await pass({ clock }, 2_000)
    expect([out(), committed()]).toEqual([numbers(6), 6])
  })

  test('is no reason for a drain to wait, and the next owner writes it', async () => {
    const { broker, clock, begin, out, letters, committed, consumer } = await copying()
    broker.refuseOutputs(DEAD, { error: UNREACHABLE })
    broker.produce('t', values(0, 20))
    await clock.settle()
    const stopped = consumer.stop()
    await pass({ clock })
    await stopped
    expect([out(), letters(), committed()]).toEqual([numbers(7), [], 7])
    broker.refuseOutputs(DEAD)
    begin(clock)
    await pass({ clock })
    expect([out(), letters(), committed()]).toEqual([healthy(20), [7, 17], 20])
  })

  test('waits behind an output that is not taken, whose topic is told', async () => {
    const { broker, clock, letters, committed, events } = await copying()
    broker.refuseOutputs('out', { error: UNREACHABLE })
    broker.produce('t', values(0, 20))
    await pass({ clock }, 5_000)
    expect([letters(), committed(), events('deadletter:failed')]).toEqual([[], -1, []])
    expect(events('commit:unknown').length).toBeGreaterThan(1)
    broker.refuseOutputs('out')
    await pass({ clock }, 20_000)
    expect([letters(), committed()]).toEqual([[7, 17], 20])
  })
})

describe('a topic that is too small for a letter', () => {
  test.each([
    ['half of it', 3_000, 2_000],
    ['little of it', 1_000, 250],
  ])('gets %s, in the transaction that commits its record', async (_, maxBytes, left) => {
    const { broker, clock, committed, events } = await copying()
    broker.refuseOutputs(DEAD, { error: TOO_LARGE, maxBytes })
    broker.produce('t', { value: `${'x'.repeat(4_000)}7` })
    await pass({ clock })
    const [letter] = broker.records(DEAD)
    expect([letter?.value?.length, committed(), events('deadletter:failed')]).toEqual([left, 1, []])
  })

  test('costs few transactions for many letters', async () => {
    const { broker, clock, letters, committed } = await copying()
    broker.refuseOutputs(DEAD, { error: TOO_LARGE, maxBytes: 1_500 })
    broker.produce(
      't',
      numbers(100).map(() => ({ value: `${'x'.repeat(4_000)}7` })),
    )
    for (let round = 0; round < 3; round += 1) await pass({ clock })
    expect([letters().length, committed()]).toEqual([100, 100])
    expect(broker.transactions.length).toBeLessThan(20)
  })

  test('for anything of it holds it back, and gets all of it when it is raised', async () => {
    const { broker, clock, committed, events } = await copying()
    broker.refuseOutputs(DEAD, { error: TOO_LARGE, maxBytes: 10 })
    broker.produce('t', { value: `${'x'.repeat(4_000)}7` })
    await pass({ clock }, 5_000)
    expect([broker.records(DEAD), committed()]).toEqual([[], -1])
    expect(events('deadletter:failed').length).toBeGreaterThan(1)
    broker.refuseOutputs(DEAD)
    await pass({ clock }, 60_000)
    expect([broker.records(DEAD)[0]?.value?.length, committed()]).toEqual([4_001, 1])
  })
})
