import { describe, expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { deadLetter, type FailurePolicy, halt, retry, skip } from '../../src/policy/failure-policy.ts'
import { retryTopics } from '../../src/policy/retry-topics.ts'
import { breaker, Down, names, Server, serving as servingCircuit } from '../support/circuit-scene.ts'
import { rig, values } from '../support/harness.ts'
import { recordingLogger } from '../support/silent-logger.ts'

const DEAD = 't.dead'
/** What `onFailure` says in their stead. */
const UNSAID: object = { maxAttempts: undefined, retryBackoffMs: undefined }

/** Reads what not every error has, as a filter does that was tried with one error only. */
const broken = (error: unknown): boolean => (error as { response: { status: number } }).response.status === 550

/** A consumer of `t` whose handler fails for the second record. */
async function serving(onFailure: FailurePolicy, options: object = {}) {
  const broker = fakeBroker()
  for (const topic of ['t', 'u', DEAD, 't.retry.5s']) broker.createTopic(topic)
  const calls: string[] = []
  const handle = ({ topic, offset }: ConsumerRecord): void => {
    calls.push(`${topic}@${offset}`)
    if (offset === 1) throw new Error('no')
  }
  const { logger, lines } = recordingLogger()
  const handlers = [on('t', { onFailure }, handle), on('u', handle)]
  const made = rig({ driver: broker.driver(), handlers, logger, ...UNSAID, ...options })
  made.start()
  await made.clock.settle()
  broker.produce('t', values(0, 3))
  broker.produce('u', values(0, 1))
  await made.clock.advance('1m')
  return { ...made, broker, calls, lines }
}

/** A consumer of `t`, of which offset 2 cannot be decoded. */
function damaged(options: object) {
  const broker = fakeBroker()
  broker.createTopic('t')
  broker.produce('t', values(0, 4))
  broker.damage('t', 0, { firstOffset: 2, lastOffset: 2, reason: 'a gzip record batch is corrupt' })
  return { ...rig({ driver: broker.driver(), ...options }), broker }
}

describe('a filter of onFailure that throws', () => {
  test('leaves the consumer running, and is told with the record that it was asked for', async () => {
    const { events, ended, broker, lines } = await serving(deadLetter().when(broken, halt()), { deadLetterTopic: DEAD })
    expect(ended()).toBe('running')
    expect(broker.committed('t', 0)).toBe(3)
    expect(broker.records(DEAD).map(({ value }) => String(value))).toEqual(['1'])
    expect(events('filter:failed')).toMatchObject([
      {
        topic: 't',
        partition: 0,
        offset: 1,
        handler: 'handle',
        option: 'onFailure',
        error: { code: 'HF_FILTER_FAILED' },
      },
    ])
    const error = events('filter:failed')[0]?.error
    expect(error?.message).toMatch(/onFailure\.when of handle .* t\/0@1 \(TypeError: .*\n {2}Fix: /s)
    expect(error?.cause).toBeInstanceOf(TypeError)
    expect(lines.filter(({ fields }) => fields.code === 'HF_FILTER_FAILED')).toMatchObject([{ level: 'error' }])
  })

  test('is asked once for each attempt, and logged once for its handler', async () => {
    const policy = retry({ attempts: 4 }).then(deadLetter()).when(broken, halt())
    const { events, lines, calls } = await serving(policy, { deadLetterTopic: DEAD })
    expect(calls.filter((call) => call === 't@1')).toHaveLength(4)
    expect(events('filter:failed')).toHaveLength(4)
    const told = lines.filter(({ fields }) => fields.code === 'HF_FILTER_FAILED')
    expect(told.map(({ level }) => level)).toEqual(['error', 'debug', 'debug', 'debug'])
  })

  test('has the next case asked', async () => {
    const policy = retry({ attempts: 4 }).when(broken, halt()).when(Error, deadLetter())
    const { calls, broker } = await serving(policy, { deadLetterTopic: DEAD })
    expect(calls.filter((call) => call === 't@1')).toHaveLength(1)
    expect(broker.records(DEAD)).toHaveLength(1)
  })

  test('goes to retry topics where the policy says so', async () => {
    const policy = retryTopics(['5s']).then(skip('given up')).when(broken, halt())
    const { events, broker } = await serving(policy, { deadLetterTopic: DEAD })
    expect(events('record:moved')).toMatchObject([{ offset: 1, retryTopic: 't.retry.5s' }])
    expect(broker.committed('t.retry.5s', 0)).toBe(1)
  })

  const skipping = retry({ attempts: 2 })
    .then(skip('not worth it'))
    .when(broken, retry({ attempts: 9 }))
  const behind = retry({ attempts: 2 }).when(broken, halt()).when(Error, skip('any'))

  test.each([
    ['in the policy itself', skipping],
    ['in a later case', behind],
  ])('skips no record: a skip %s ends in the dead-letter topic', async (_where, policy) => {
    const { events, broker } = await serving(policy, { deadLetterTopic: DEAD })
    expect(events('record:discarded')).toEqual([])
    expect(broker.records(DEAD).map(({ value }) => String(value))).toEqual(['1'])
    expect(broker.committed('t', 0)).toBe(3)
  })

  test.each([
    ['in the policy itself', skipping],
    ['in a later case', behind],
  ])(
    'skips no record: a skip %s halts the partition where there is no such topic, and others go on',
    async (_where, policy) => {
      const { events, broker, ended } = await serving(policy)
      expect(events('record:discarded')).toEqual([])
      expect([broker.committed('t', 0), broker.committed('u', 0)]).toEqual([1, 1])
      expect(events('partition:halted')[0]?.error.message).toContain('a filter of onFailure threw')
      expect(ended()).toBe('running')
    },
  )

  test('a filter that does not throw may skip as before', async () => {
    const policy = retry({ attempts: 2 })
      .when(() => true, skip('any'))
      .when(broken, halt())
    const { events, broker } = await serving(policy, { deadLetterTopic: DEAD })
    expect(events('record:discarded')).toMatchObject([{ offset: 1 }])
    expect(events('filter:failed')).toEqual([])
    expect(broker.committed('t', 0)).toBe(3)
  })

  test('of offsets that the client cannot decode, does not end the run, nor have them skipped', async () => {
    const onFailure = skip('unreadable').when(broken, halt())
    const { broker, clock, start, events, ended } = damaged({ onFailure, quarantineAfter: 1, ...UNSAID })
    start()
    await clock.advance('1m')
    expect(events('record:quarantined')).toEqual([])
    expect(events('partition:halted')).toHaveLength(1)
    expect(broker.committed('t', 0)).toBe(2)
    expect(events('filter:failed')).toMatchObject([{ offset: 2, option: 'onFailure' }])
    expect(ended()).toBe('running')
  })
})

describe('when of a circuit breaker that throws', () => {
  test("has its error be none of the dependency's, and the policy says what follows", async () => {
    const server = new Server()
    server.isDown = true
    const { broker, clock, dead, told, ended, events } = await servingCircuit(
      { maxAttempts: 1 },
      { circuit: breaker({ when: broken }), server },
    )
    broker.produce('t', values(0, 20))
    await clock.advance('1m')
    expect(ended()).toBe('running')
    expect(names(told)).toEqual([])
    expect(dead()).toHaveLength(20)
    expect(broker.committed('t', 0)).toBe(20)
    expect(events('filter:failed')).toHaveLength(20)
    expect(events('filter:failed')[0]).toMatchObject({ option: 'circuit', error: { code: 'HF_FILTER_FAILED' } })
  })

  test('at the probe, leaves the circuit half-open; the next record that succeeds closes it', async () => {
    let isBroken = false
    const when = (error: unknown): boolean => (isBroken ? broken(error) : error instanceof Down)
    const { broker, clock, server, consumer, ended } = await servingCircuit({}, { circuit: breaker({ when }) })
    server.isDown = true
    broker.produce('t', values(0, 9))
    await clock.advance(900)
    isBroken = true
    await clock.advance('5s')
    expect(consumer.status().circuits).toMatchObject([{ state: 'half-open' }])
    server.isDown = false
    broker.produce('t', values(9, 20))
    await clock.advance('1m')
    expect(consumer.status().circuits).toMatchObject([{ state: 'closed' }])
    expect(ended()).toBe('running')
    expect(broker.committed('t', 0)).toBe(20)
  })
})
