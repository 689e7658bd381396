import { expect, test } from 'vitest'
import { createFakeClock } from '../../../testing/src/fake-clock.ts'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { listDeadLetters, peekDeadLetters } from '../../src/redrive/inspect.ts'
import { type RedriveOptions, redrive } from '../../src/redrive/redrive.ts'
import { DEAD, drive, during, dying, graveyard, inTopic } from '../support/graveyard.ts'
import { rig } from '../support/harness.ts'
import { silentLogger } from '../support/silent-logger.ts'

function fail(thrown: unknown): never {
  throw thrown
}

test('every letter is in its topic again with its bytes and headers, and a second call finds nothing', async () => {
  const broker = await graveyard(5)
  const report = await drive(broker)
  expect(report).toEqual({
    counts: { sent: 5, filtered: 0, looping: 0, copy: 0, quarantined: 0, truncated: 0, misdirected: 0 },
    foreign: 0,
    hasMore: false,
  })
  expect(inTopic(broker)).toEqual(['0', '1', '2', '3', '4', '0', '1', '2', '3', '4'])
  const again = broker.records('t')[7] as ConsumerRecord
  expect([String(again.key), [...again.headers].map(([name, value]) => [name, String(value)])]).toEqual([
    'k2',
    [
      ['mine', '2'],
      ['holdfast-redrives', '1'],
      ['holdfast-redriven-id', 'app/t/0/2'],
    ],
  ])
  expect((await drive(broker)).counts.sent).toBe(0)
})

test('a maximum leaves the rest for the next call, exactly', async () => {
  const broker = await graveyard(7)
  expect(await drive(broker, { maximum: 3 })).toMatchObject({ counts: { sent: 3 }, hasMore: true })
  expect(inTopic(broker).slice(7)).toEqual(['0', '1', '2'])
  expect(await drive(broker, { maximum: 10 })).toMatchObject({ counts: { sent: 4 }, hasMore: false })
  expect(inTopic(broker).slice(7)).toEqual(['0', '1', '2', '3', '4', '5', '6'])
})

test('a filter, another topic, and a dry run that changes nothing', async () => {
  const broker = await graveyard(4, (offset) => (offset % 2 === 0 ? new TypeError('even') : new RangeError('odd')))
  broker.createTopic('elsewhere')
  const odd: Partial<RedriveOptions> = { filter: ({ error }) => error.class === 'RangeError', to: 'elsewhere' }
  const fates: string[] = []
  const onLetter: RedriveOptions['onLetter'] = ({ source }, fate) => void fates.push(`${source.offset} ${fate}`)
  expect(await drive(broker, { ...odd, dryRun: true, onLetter })).toMatchObject({ counts: { sent: 2, filtered: 2 } })
  expect([inTopic(broker, 'elsewhere'), fates]).toEqual([[], ['0 filtered', '1 sent', '2 filtered', '3 sent']])
  expect(await drive(broker, odd)).toMatchObject({ counts: { sent: 2, filtered: 2 } })
  expect(inTopic(broker, 'elsewhere')).toEqual(['1', '3'])
})

test('where a letter goes is asked once, and what was checked is where it goes', async () => {
  const broker = await graveyard(4)
  for (const topic of ['first', 'second']) broker.createTopic(topic)
  const topics = ['first', 'second', DEAD, 'first', 'second']
  const report = await drive(broker, { to: () => topics.shift() as string })
  expect(report.counts).toMatchObject({ sent: 3, misdirected: 1 })
  expect([inTopic(broker, 'first'), inTopic(broker, 'second'), inTopic(broker, DEAD)]).toEqual([
    ['0', '3'],
    ['1'],
    ['0', '1', '2', '3'],
  ])
})

test('a record that dies again and again is left where it is; one that fakes its count, too', async () => {
  const broker = await graveyard(1)
  for (let round = 1; round <= 2; round += 1) {
    await dying(
      broker,
      () => new Error('again'),
      () => undefined,
    )
    expect((await drive(broker, { maxRedrives: 2 })).counts).toMatchObject({ sent: 1, looping: 0 })
    await dying(
      broker,
      () => new Error('again'),
      () => undefined,
    )
  }
  expect((await drive(broker, { maxRedrives: 2 })).counts).toMatchObject({ sent: 0, looping: 1 })
  // Nor does it grow: two headers say how often it was sent, and those of its last death are gone.
  const [first = 0, ...later] = broker.records(DEAD).map(({ headers }) => headers.size)
  expect(later).toEqual([first + 2, first + 2])
  await dying(
    broker,
    () => new Error('no'),
    () => broker.produce('t', { value: 'fake', headers: { 'holdfast-redrives': '-5' } }),
  )
  expect((await drive(broker)).counts).toMatchObject({ sent: 0, looping: 1 })
})

test('what dies again while a call runs, or comes later, is left for the next call', async () => {
  const broker = await graveyard(4, undefined, 2)
  const clock = createFakeClock()
  const handlers = [on('t', () => fail(new Error('still no')))]
  const options = { groupId: 'app', handlers, deadLetterTopic: DEAD, maxAttempts: 1 }
  const made = rig({ driver: broker.driver(), ...options }, clock)
  made.start()
  await clock.settle()
  const call = async () => {
    const running = redrive({ driver: broker.driver(), topic: DEAD, logger: silentLogger, clock })
    await clock.advance('20s')
    return running
  }
  expect((await call()).counts).toMatchObject({ sent: 4, looping: 0 })
  expect(broker.records(DEAD)).toHaveLength(8)
  expect((await call()).counts).toMatchObject({ sent: 4, looping: 0 })
  expect((await call()).counts).toMatchObject({ sent: 4, looping: 0 })
  expect((await call()).counts).toMatchObject({ sent: 0, looping: 4 })
  expect((await call()).counts).toMatchObject({ sent: 0, looping: 0 })
})

test('copies of a letter are sent once, and what is no letter is passed over', async () => {
  const broker = await graveyard(2)
  for (const { key, value, headers } of broker.records(DEAD).slice(0, 1))
    broker.produce(DEAD, { key, value, headers: [...headers] })
  broker.produce(DEAD, [{ value: 'not ours' }, { value: 'x', headers: { 'holdfast-dead-id': 'only that' } }])
  expect(await drive(broker)).toEqual({
    counts: { sent: 2, filtered: 0, looping: 0, copy: 1, quarantined: 0, truncated: 0, misdirected: 0 },
    foreign: 2,
    hasMore: false,
  })
})

test('a letter that cannot be written ends the call with the reason; the next one goes on there', async () => {
  const broker = await graveyard(4)
  let produced = 0
  const failing = during(async (clock) => {
    const driver = broker.driver()
    return redrive({
      driver,
      topic: DEAD,
      logger: silentLogger,
      ...clock,
      onLetter: () => {
        produced += 1
        if (produced === 2) broker.failProduces(new HoldfastError('HF_BROKER_UNREACHABLE', 'no broker.'))
      },
    })
  })
  await expect(failing).rejects.toMatchObject({ code: 'HF_BROKER_UNREACHABLE' })
  expect((await drive(broker)).counts.sent).toBe(2)
  expect(inTopic(broker).slice(4)).toEqual(['0', '1', '2', '3'])
})

test.each([
  ['onLetter that throws', { onLetter: () => fail(new Error('told')) }, 'told'],
  ['onLetter that rejects', { onLetter: async () => fail(new Error('told later')) }, 'told later'],
  ['filter that throws', { filter: () => fail(new Error('asked')) }, 'asked'],
  ['an async filter', { filter: (async () => false) as never }, /filter answered a promise/],
  ['to that throws', { to: () => fail(new Error('where')) }, 'where'],
  ['an async to', { to: (async () => 'u') as never }, /to answered a promise/],
])('%s ends the call with the reason, and no letter is passed over', async (_name, options, reason) => {
  const broker = await graveyard(3)
  await expect(drive(broker, options)).rejects.toThrow(reason)
  await drive(broker)
  expect(new Set(inTopic(broker).slice(3))).toEqual(new Set(['0', '1', '2']))
})

test('what ends the call may be nothing at all', async () => {
  const broker = await graveyard(1)
  await expect(drive(broker, { filter: () => fail(undefined) })).rejects.toBeUndefined()
})

test('peek shows the first letters, list groups them by why they died; neither is remembered', async () => {
  const broker = await graveyard(6, (offset) => (offset === 1 ? new TypeError('one') : new Error('many')), 2)
  const source = { driver: broker.driver(), topic: DEAD, logger: silentLogger }
  const letters = await during((clock) => peekDeadLetters({ ...source, ...clock, maximum: 2 }))
  expect(letters).toHaveLength(2)
  expect(letters[0]).toMatchObject({ groupId: 'app', handler: 'send', attempts: 1, source: { topic: 't' } })
  expect([...(letters[0]?.headers ?? [])].map(([name]) => name)).toEqual(['mine'])
  const groups = await during((clock) => listDeadLetters({ ...source, ...clock }))
  expect(groups.map(({ errorClass, count, handler }) => [errorClass, count, handler])).toEqual([
    ['Error', 4, 'send'],
    ['TypeError', 2, 'send'],
  ])
  expect((await drive(broker)).counts.sent).toBe(6)
})

test('an empty topic is read to its end at once', async () => {
  const broker = await graveyard(0)
  expect((await drive(broker)).counts.sent).toBe(0)
})

test.each<[string, Partial<RedriveOptions>, RegExp]>([
  ['a maximum of nothing', { maximum: 0 }, /maximum = 0/],
  ['its own topic', { to: DEAD }, /to = t\.dead is the dead-letter topic itself/],
])('%s is refused', async (_name, options, message) => {
  const driver = fakeBroker().driver()
  await expect(redrive({ driver, topic: DEAD, ...options })).rejects.toThrow(message)
})

test('a letter that died of a limit is read and sent again all the same', async () => {
  const broker = fakeBroker()
  broker.createTopic('t')
  broker.createTopic(DEAD)
  const limits = { maxRecordHeaders: 1, deadLetterTopic: DEAD, groupId: 'app' }
  const made = rig({ driver: broker.driver(), ...limits })
  made.start()
  const key = Buffer.alloc(2 * 1024 * 1024)
  broker.produce('t', {
    key,
    headers: Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`h${index}`, ''])),
  })
  await made.clock.advance('5s')
  await made.consumer.stop()
  expect(await drive(broker)).toMatchObject({ counts: { sent: 1 } })
  expect(broker.records('t').map((record) => record.headers.size)).toEqual([1_500, 1_502])
})

test('a dead-letter topic that cannot be read ends the call with the reason', async () => {
  const broker = await graveyard(3)
  broker.damage(DEAD, 0, { firstOffset: 1, lastOffset: 1 })
  await expect(drive(broker)).rejects.toMatchObject({ code: 'HF_UNDECODABLE' })
  expect(broker.logEnd('t', 0)).toBe(4)
})

test('a filter of peekDeadLetters or listDeadLetters that answers a promise ends the call', async () => {
  const broker = await graveyard(1)
  const filter = (async () => fail(new Error('too late'))) as unknown as () => boolean
  for (const call of [peekDeadLetters, listDeadLetters]) {
    const asked = during<unknown>((clock) =>
      call({ driver: broker.driver(), topic: DEAD, logger: silentLogger, filter, ...clock }),
    )
    await expect(asked).rejects.toMatchObject({ code: 'HF_OPTION_INVALID', details: { option: 'filter' } })
  }
})
