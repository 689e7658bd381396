import { expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { RedriveOptions } from '../../src/redrive/redrive.ts'
import { DEAD, drive, dying, graveyard, inTopic } from '../support/graveyard.ts'

/** A letter that somebody else wrote, of a record of that topic. */
const forged = (id: string, topic: string, value: string) => ({
  value,
  headers: {
    'holdfast-dead-id': id,
    'holdfast-dead-source-topic': topic,
    'holdfast-dead-source-partition': '0',
    'holdfast-dead-source-offset': '0',
  },
})

test('a forged letter reaches no topic that is not said, and never its own', async () => {
  const broker = await graveyard(1)
  broker.createTopic('payments')
  broker.produce(DEAD, [forged('a', 'payments', 'x'), forged('b', DEAD, 'y')])
  const seen: unknown[] = []
  const onLetter: RedriveOptions['onLetter'] = ({ value }, fate) => seen.push([String(value), fate])
  expect((await drive(broker, { from: ['t'], onLetter })).counts).toMatchObject({ sent: 1, misdirected: 2 })
  expect(seen).toEqual([
    ['0', 'sent'],
    ['x', 'misdirected'],
    ['y', 'misdirected'],
  ])
  expect((await drive(broker, { groupId: 'anew' })).counts).toMatchObject({ sent: 2, misdirected: 1 })
  expect([inTopic(broker, 'payments'), inTopic(broker, DEAD)]).toEqual([['x'], ['0', 'x', 'y']])
})

test('a forged letter with the id of another one does not keep that from being sent', async () => {
  const broker = fakeBroker()
  broker.createTopic('t')
  broker.createTopic(DEAD)
  broker.produce(DEAD, [forged('app/t/0/0', 't', 'forged')])
  await dying(
    broker,
    () => new Error('no'),
    () => broker.produce('t', { value: 'real' }),
  )
  expect((await drive(broker)).counts).toMatchObject({ sent: 2, copy: 0 })
  expect(inTopic(broker)).toEqual(['real', 'forged', 'real'])
})

test('nor does one with its bytes as well, that names another topic or has other headers', async () => {
  const broker = fakeBroker()
  for (const topic of ['t', 'payments', DEAD]) broker.createTopic(topic)
  const other = forged('app/t/0/0', 't', 'real')
  const headers = { 'holdfast-redrives': '0', ...other.headers }
  broker.produce(DEAD, [forged('app/t/0/0', 'payments', 'real'), { ...other, headers }])
  await dying(
    broker,
    () => new Error('no'),
    () => broker.produce('t', { value: 'real' }),
  )
  expect((await drive(broker)).counts).toMatchObject({ sent: 3, copy: 0 })
  expect([inTopic(broker), inTopic(broker, 'payments')]).toEqual([['real', 'real', 'real'], ['real']])
})
