import { expect, test } from 'vitest'
import { type Damage, fakeBroker } from '../../../testing/src/fake-driver.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { on } from '../../src/pipeline/handler.ts'
import { readDeadLetter } from '../../src/pipeline/read-dead-letter.ts'
import { COPY, type CopyOptions, copyingWithLetters, DEAD, numbers, pass } from '../support/copy-scene.ts'
import { values } from '../support/harness.ts'

const DAMAGE: Damage = { firstOffset: 2, lastOffset: 4 }
const UNREACHABLE = new HoldfastError('HF_BROKER_UNREACHABLE', 'no broker answers.')
const HEALTHY = numbers(10).filter((value) => !['2', '3', '4'].includes(value))

/** Copies in transactions what is in `t`, of which the offsets of the damage cannot be decoded. */
async function copying(options: CopyOptions = {}, damage: Damage = DAMAGE) {
  const broker = fakeBroker()
  broker.createTopic('t')
  broker.produce('t', values(0, 10))
  broker.damage('t', 0, damage)
  const made = await copyingWithLetters(broker, { handlers: [COPY], ...options })
  const notes = () => broker.records(DEAD).map((note) => readDeadLetter(note)?.id)
  /** Ends of what was committed, each by the id of the partition. */
  const committed = () => broker.transactions.filter(({ result }) => result === 'committed').map(({ offset }) => offset)
  return { ...made, notes, committed }
}

test('the position is committed past a quarantined range by the transaction that writes the note', async () => {
  const { broker, clock, out, notes, committed, consumer, events } = await copying()
  const release = broker.holdTransactions()
  await clock.advance('5s')
  expect([broker.committed('t', 0), out(), notes(), events('record:quarantined')]).toEqual([-1, [], [], []])
  release()
  await clock.advance('5s')
  const past = broker.transactions.filter(({ offset }) => offset > 2)
  expect(past.filter(({ outputs }) => outputs.some(({ topic }) => topic === DEAD))).toEqual([past[0]])
  expect(events('record:quarantined')).toMatchObject([{ offset: 2, lastOffset: 4, deadLetterTopic: DEAD }])
  expect([broker.committed('t', 0), out(), notes()]).toEqual([10, HEALTHY, ['g/t/0/2']])
  expect(committed().toSorted((one, other) => one - other)).toEqual(committed())
  expect(new Set(broker.transactions.map(({ transactionalId }) => transactionalId))).toEqual(new Set(['g/t/0']))
  expect(consumer.status()).toMatchObject({ quarantined: 3, health: { status: 'healthy' } })
})

test('a range at the end of the log is committed past by a transaction with its note alone', async () => {
  const { broker, clock, out, notes, committed } = await copying(
    { commitInterval: { ms: 1 } },
    { firstOffset: 7, lastOffset: 9 },
  )
  await clock.advance('5s')
  expect([broker.committed('t', 0), out(), notes()]).toEqual([10, numbers(7), ['g/t/0/7']])
  expect(committed()).toEqual([7, 10])
  expect(broker.transactions.at(-1)?.outputs.map(({ topic }) => topic)).toEqual([DEAD])
})

test('a note that cannot be written holds the position back, and the outputs before it are visible', async () => {
  const { broker, clock, begin, out, notes, consumer, events } = await copying()
  broker.refuseOutputs(DEAD, { error: UNREACHABLE })
  await clock.advance('1m')
  expect([broker.committed('t', 0), out()]).toEqual([2, ['0', '1']])
  expect(consumer.status().health).toMatchObject({ status: 'unhealthy', reasons: [{ code: 'dead-letter-failing' }] })
  expect(events('deadletter:failed')[0]).toMatchObject({
    offset: 2,
    deadLetterTopic: DEAD,
    error: { cause: UNREACHABLE },
  })
  const stopped = consumer.stop()
  await pass({ clock })
  await stopped
  expect(broker.committed('t', 0)).toBe(2)
  broker.refuseOutputs(DEAD)
  begin(clock)
  await clock.advance('1m')
  expect([broker.committed('t', 0), out(), notes()]).toEqual([10, HEALTHY, ['g/t/0/2']])
})

test.each([
  ['without an answer', { step: 'commit', stored: false }],
  ['without an answer though it had succeeded', { step: 'commit', stored: true }],
  ['not begun', { step: 'begin' }],
] as const)(
  'a transaction past a quarantined range that was %s is repeated; one note, each output once',
  async (_, fault) => {
    const { broker, clock, out, notes } = await copying()
    const release = broker.holdTransactions()
    await clock.advance('5s')
    broker.failTransactions({ ...fault, times: 3 })
    release()
    await clock.advance('1m')
    expect([broker.committed('t', 0), out(), notes()]).toEqual([10, HEALTHY, ['g/t/0/2']])
  },
)

test('without a dead-letter topic the partition halts, and what lies before is committed with its outputs', async () => {
  const { broker, clock, out, ended, events } = await copying({ deadLetterTopic: undefined } as object)
  await clock.advance('1m')
  expect([broker.committed('t', 0), out(), ended()]).toEqual([2, ['0', '1'], 'running'])
  expect(events('partition:halted')).toMatchObject([{ offset: 2, error: { code: 'HF_UNDECODABLE' } }])
})

test('an owner whose id was claimed meanwhile commits nothing past the range; the next one does', async () => {
  const { broker, clock, begin, out, notes, ended } = await copying()
  const release = broker.holdTransactions()
  await clock.advance('5s')
  broker.expire()
  const heir = begin(clock)
  await clock.settle()
  release()
  await clock.advance('1m')
  expect([broker.committed('t', 0), out(), ended(), heir.ended()]).toEqual([10, HEALTHY, 'running', 'running'])
  expect(notes()).toEqual(['g/t/0/2'])
})

test('past an open record the range and what is done behind it are in the text, and come no second time after a crash', async () => {
  const slow = Promise.withResolvers<void>()
  const handler = on('t', async ({ value }, { produce }) => {
    if (String(value) === '1') await slow.promise
    produce({ topic: 'out', value })
  })
  const { broker, clock, begin, out, notes } = await copying({ order: 'key', handlers: [handler] })
  await clock.advance('5s')
  expect([broker.committed('t', 0), out(), notes()]).toEqual([1, HEALTHY.filter((value) => value !== '1'), ['g/t/0/2']])
  broker.kill()
  const heir = begin(clock, { handlers: [COPY] })
  await clock.advance('1m')
  expect([broker.committed('t', 0), out().toSorted(), heir.ended()]).toEqual([10, HEALTHY, 'running'])
  expect(notes()).toEqual(['g/t/0/2'])
  slow.resolve()
  await clock.advance('5s')
  expect(out().toSorted()).toEqual(HEALTHY)
})
