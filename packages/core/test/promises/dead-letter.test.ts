import { afterEach, describe, expect, test, vi } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { json } from '../../src/pipeline/decoders.ts'
import { on } from '../../src/pipeline/handler.ts'
import { deadLetter, halt, retry, skip } from '../../src/policy/failure-policy.ts'
import { Fatal, Skip } from '../../src/policy/verdicts.ts'
import { rig, values } from '../support/harness.ts'

const DEAD = 't.dead'
/** What `onFailure` says in their stead. */
const UNSAID = { maxAttempts: undefined, retryBackoffMs: undefined }
const UNREACHABLE = new HoldfastError('HF_BROKER_UNREACHABLE', 'no broker answers.')
const TOO_LARGE = new HoldfastError('HF_RECORD_TOO_LARGE', 'too large.')

/** A consumer of `t` whose handler fails for the values that are `bad`. */
async function serving(options: object = {}, { partitions = 1, bad = ['1'], error = new Error('no') as unknown } = {}) {
  const broker = fakeBroker()
  broker.createTopic('t', partitions)
  broker.createTopic(DEAD)
  const calls: string[] = []
  const handler = on('t', ({ partition, offset, value }: ConsumerRecord) => {
    calls.push(`${partition}@${offset}`)
    if (bad.includes(String(value))) throw error
  })
  const made = rig({ driver: broker.driver(), handlers: [handler], deadLetterTopic: DEAD, maxAttempts: 2, ...options })
  made.start()
  await made.clock.settle()
  const dead = (): readonly ConsumerRecord[] => broker.records(DEAD)
  return { ...made, broker, calls, dead }
}

afterEach(() => void vi.restoreAllMocks())

const textsOf = ({ headers }: ConsumerRecord): Record<string, string | undefined> =>
  Object.fromEntries([...headers].map(([name, value]) => [name, value?.toString()]))

test('a record that fails for good is in the dead-letter topic before its offset is committed, and others go on', async () => {
  const { broker, clock, calls, dead, events, consumer } = await serving()
  broker.produce('t', values(0, 3))
  await clock.advance('5s')
  expect(calls).toEqual(['0@0', '0@1', '0@1', '0@2'])
  expect(dead().map(({ value }) => String(value))).toEqual(['1'])
  expect(broker.committed('t', 0)).toBe(3)
  expect(events('record:dead')).toMatchObject([{ offset: 1, attempt: 2, deadLetterTopic: DEAD }])
  expect(consumer.status()).toMatchObject({ dead: 1, discarded: 0, health: { status: 'healthy' } })
})

test('it keeps bytes and headers as they were, and adds what became of it', async () => {
  const { broker, clock, dead } = await serving({ groupId: 'mailers' })
  const headers = [
    ['trace', Buffer.from('a')],
    ['__proto__', null],
    ['trace', Buffer.from('b')],
    ['', Buffer.alloc(0)],
  ] as const
  broker.produce('t', { key: Buffer.from([0, 255]), value: '1', headers, timestamp: 42 })
  await clock.advance('5s')
  const [letter] = dead() as [ConsumerRecord]
  expect([letter.key, String(letter.value)]).toEqual([Buffer.from([0, 255]), '1'])
  expect([...letter.headers].slice(0, 4)).toEqual(headers)
  expect(textsOf(letter)).toMatchObject({
    'holdfast-dead-id': 'mailers/t/0/0',
    'holdfast-dead-source-topic': 't',
    'holdfast-dead-source-partition': '0',
    'holdfast-dead-source-offset': '0',
    'holdfast-dead-source-timestamp': '42',
    'holdfast-dead-group': 'mailers',
    'holdfast-dead-handler': 't',
    'holdfast-dead-attempts': '2',
    'holdfast-dead-error-class': 'Error',
    'holdfast-dead-error-message': 'Error: no',
    'holdfast-dead-error-stack-digest': expect.stringMatching(/^[0-9a-f]{16}$/),
    'holdfast-dead-first-failure': '2026-01-01T00:00:00.000Z',
    'holdfast-dead-last-failure': expect.stringMatching(/^2026-01-01T00:00:00\.\d+Z$/),
  })
})

test('while its topic does not take it, nothing is committed past it, its partition waits, health is red; then all recovers', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  const { broker, clock, calls, dead, events, consumer } = await serving({}, { partitions: 2 })
  broker.failProduces(UNREACHABLE, 6)
  broker.produce('t', [...values(0, 3), ...values(10, 13, 1)])
  await clock.advance('2s')
  expect(consumer.status()).toMatchObject({
    health: { status: 'unhealthy', reasons: [{ code: 'dead-letter-failing', topic: 't', partition: 0 }] },
  })
  expect(consumer.status().partitions[0]?.pausedBy).toEqual(['dead letter'])
  expect([broker.committed('t', 0), broker.committed('t', 1)]).toEqual([1, 3])
  expect(dead()).toEqual([])
  await clock.advance('1m')
  expect(calls.filter((call) => call === '0@1')).toHaveLength(2)
  expect(events('deadletter:failed')).toHaveLength(6)
  expect(events('deadletter:failed')[0]?.error).toMatchObject({ code: 'HF_DEAD_LETTER_FAILED', cause: UNREACHABLE })
  expect(dead().map(({ value }) => String(value))).toEqual(['1'])
  expect(broker.committed('t', 0)).toBe(3)
  expect(consumer.status()).toMatchObject({ health: { status: 'healthy' }, dead: 1 })
  expect(consumer.status().partitions[0]?.pausedBy).toEqual([])
})

test('an acknowledgement that is late holds the offset back for as long', async () => {
  const { broker, clock } = await serving()
  const release = broker.holdProduces()
  broker.produce('t', values(0, 3))
  await clock.advance('10s')
  expect(broker.committed('t', 0)).toBe(1)
  release()
  await clock.advance('2s')
  expect(broker.committed('t', 0)).toBe(3)
})

test('a dead letter of an epoch that ended meanwhile settles nothing', async () => {
  const { broker, clock, events, dead } = await serving()
  const release = broker.holdProduces()
  broker.produce('t', values(0, 2))
  await clock.advance('2s')
  broker.lose()
  await clock.settle()
  release()
  await clock.advance('5s')
  // The next epoch wrote it as well: at least once, and by the same name.
  expect(dead().length).toBeGreaterThanOrEqual(1)
  expect(new Set(dead().map((letter) => textsOf(letter)['holdfast-dead-id'])).size).toBe(1)
  expect(events('record:dead').every(({ epoch }) => epoch === 2)).toBe(true)
  expect(broker.committed('t', 0)).toBe(2)
})

describe('a record that its topic finds too large loses', () => {
  test.each([
    ['our own words first', 1, { headers: 1, value: 4_000, key: 3_000, truncated: undefined }],
    ['then its headers', 2, { headers: 0, value: 4_000, key: 3_000, truncated: 'headers' }],
    ['its value, by halves', 3, { headers: 0, value: 2_000, key: 3_000, truncated: 'headers, value' }],
    ['its key where that is longer', 5, { headers: 0, value: 1_000, key: 1_500, truncated: 'headers, value, key' }],
    ['all of both', 26, { headers: 0, value: 0, key: 0, truncated: 'headers, value, key' }],
  ])('%s', async (_name, refusals, expected) => {
    const { broker, clock, dead } = await serving({ handlers: [failing] })
    broker.failProduces(TOO_LARGE, refusals)
    broker.produce('t', { value: 'x'.repeat(4_000), key: 'k'.repeat(3_000), headers: { mine: 'y' } })
    await clock.advance('5s')
    const [letter] = dead() as [ConsumerRecord]
    const texts = textsOf(letter)
    expect(letter.headers.getAll('mine')).toHaveLength(expected.headers)
    expect(letter.value).toHaveLength(expected.value)
    expect(letter.key).toHaveLength(expected.key)
    expect(texts['holdfast-dead-truncated']).toBe(expected.truncated)
    if (expected.value < 4_000) expect(texts['holdfast-dead-value-bytes']).toBe('4000')
    if (expected.key < 3_000) expect(texts['holdfast-dead-key-bytes']).toBe('3000')
    expect(texts['holdfast-dead-id']).toBe('g/t/0/0')
    expect(broker.committed('t', 0)).toBe(1)
  })
})
const failing = on('t', () => {
  throw new Error('e'.repeat(3_000))
})

test('what does not decode goes there at once, and so does what its handler calls hopeless', async () => {
  const first = await serving({ handlers: [on('t', { value: json() }, () => undefined)] })
  first.broker.produce('t', { value: '{' })
  await first.clock.advance('1s')
  expect(textsOf(first.dead()[0] as ConsumerRecord)).toMatchObject({ 'holdfast-dead-attempts': '1' })
  const second = await serving({}, { error: new Fatal('550 no such user') })
  second.broker.produce('t', values(0, 2))
  await second.clock.advance('1s')
  expect([second.calls, second.dead().length]).toEqual([['0@0', '0@1'], 1])
})

test('of a batch each record has its own end', async () => {
  const handled: number[][] = []
  const handler = on('t', { batch: true }, (records) => {
    handled.push(records.map(({ offset }) => offset))
    return records.map(({ offset }) => {
      if (offset === 1) return new Fatal('no')
      if (offset === 2) return new Skip('nothing to do')
      return offset === 3 ? new Error('again') : undefined
    })
  })
  const { broker, clock, dead, events, consumer } = await serving({ handlers: [handler] })
  broker.failProduces(UNREACHABLE, 2)
  broker.produce('t', values(0, 5))
  await clock.advance('20s')
  expect(
    dead()
      .map(({ headers }) => headers.text('holdfast-dead-source-offset'))
      .toSorted(),
  ).toEqual(['1', '3'])
  expect(handled[0]).toEqual([0, 1, 2, 3, 4])
  expect(handled.slice(1).flat()).toEqual([3])
  expect(events('record:discarded')).toMatchObject([{ offset: 2, reason: 'nothing to do' }])
  expect(broker.committed('t', 0)).toBe(5)
  expect(consumer.status()).toMatchObject({ dead: 2, discarded: 1 })
})

test('a handler has a policy of its own; skipping is counted, and halting halts beside a dead-letter topic', async () => {
  const skipping = await serving({ onFailure: skip('best effort'), ...UNSAID })
  skipping.broker.produce('t', values(0, 3))
  await skipping.clock.advance('2s')
  expect([skipping.broker.committed('t', 0), skipping.dead()]).toEqual([3, []])
  expect(skipping.events('record:discarded')).toMatchObject([{ offset: 1, reason: 'best effort' }])
  const fail = (): void => {
    throw new Error('no')
  }
  const halting = await serving({ handlers: [on('t', { onFailure: retry({ attempts: 1 }).then(halt()) }, fail)] })
  halting.broker.produce('t', values(0, 3))
  await halting.clock.advance('2s')
  expect(halting.events('partition:halted')[0]?.error.message).toContain('onFailure says so')
  expect(halting.dead()).toEqual([])
})

test('an outage does not use up the attempts of a record', async () => {
  const outage = new TypeError('away')
  const errors: unknown[] = [outage, outage, outage, new Error('busy'), outage, new Error('busy'), undefined]
  const handler = on('t', () => {
    const error = errors.shift()
    if (error !== undefined) throw error
  })
  const onFailure = retry({ attempts: 3 })
    .then(deadLetter())
    .when(TypeError, retry({ attempts: 10 }))
  const { broker, clock, dead } = await serving({ ...UNSAID, handlers: [handler], onFailure })
  broker.produce('t', values(0, 1))
  await clock.advance('5m')
  expect([errors, dead(), broker.committed('t', 0)]).toEqual([[], [], 1])
})

test('a dead-letter topic that does not exist is refused at start', async () => {
  const { ended } = await serving({ deadLetterTopic: 'nowhere' })
  expect(ended()).toMatchObject({ code: 'HF_TOPIC_MISSING', message: expect.stringContaining('nowhere') })
})

test.each<[string, object, string, RegExp]>([
  ['a dead-letter topic that is read', { deadLetterTopic: 't' }, 'HF_OPTION_INVALID', /topic t is subscribed to by t/],
  [
    'one that a pattern reads',
    { handlers: [on(/^t/, () => undefined)] },
    'HF_OPTION_INVALID',
    /topic t\.dead is subscribed to by \/\^t\//,
  ],
  [
    'a policy that ends nowhere',
    { onFailure: retry().then(deadLetter()), ...UNSAID, deadLetterTopic: undefined },
    'HF_OPTION_INVALID',
    /no topic is named/,
  ],
  [
    'two words on attempts',
    { ...UNSAID, onFailure: retry(), maxAttempts: 3 },
    'HF_OPTION_INVALID',
    /maxAttempts = 3 has no effect beside onFailure/,
  ],
  [
    'retries with at-most-once',
    { ...UNSAID, delivery: 'at-most-once', onFailure: retry({ attempts: 3 }) },
    'HF_PROMISE_CONFLICT',
    /onFailure with retry\.attempts = 3/,
  ],
])('%s is refused', (_name, options, code, message) => {
  const make = (): unknown =>
    rig({ driver: fakeBroker().driver(), deadLetterTopic: DEAD, handlers: [on('t', () => undefined)], ...options })
  expect(make).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }))
})
