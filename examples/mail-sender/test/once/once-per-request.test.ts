import { createConsumer, json, on } from '@holdfast/core'
import { memoryStore } from '@holdfast/idempotency/memory'
import { createFakeClock, fakeBroker } from '@holdfast/testing'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { sampleRequests } from '../../src/demo/sample-requests.ts'
import { openPglite } from '../../src/look-up/pglite.ts'
import { MailRequest } from '../../src/mail-request.ts'
import { openKeyStore } from '../../src/once/key-store.ts'
import { oncePerRequest } from '../../src/once/once-per-request.ts'

test('a request that is sent again, in other letters even, has one mail', async () => {
  const clock = createFakeClock()
  const broker = fakeBroker()
  broker.createTopic('mail')
  const sent: string[] = []
  const consumer = createConsumer({
    driver: broker.driver(),
    clock,
    groupId: 'g',
    delivery: 'exactly-once',
    logger: pino({ level: 'silent' }),
    use: [oncePerRequest(memoryStore({ clock }), 6_000)],
    handlers: [on('mail', { value: json(MailRequest) }, ({ value }) => void sent.push(value.id))],
  })
  const running = consumer.run()
  const [first, second] = sampleRequests(2) as [MailRequest, MailRequest]
  const again = { ...first, id: first.id.toUpperCase() }
  broker.produce(
    'mail',
    [first, second, again].map((request) => ({ value: JSON.stringify(request) })),
  )
  await clock.advance('10s')
  expect(sent).toEqual([first.id, second.id])
  expect(broker.committed('mail', 0, 'g')).toBe(3)
  await consumer.stop()
  await running
})

test('without Redis the keys are in a table of the database, which is made where it is missing', async () => {
  await using database = await openPglite()
  for (let round = 0; round < 2; round += 1) {
    await using keys = await openKeyStore(undefined, database)
    await expect(keys.store.check?.(() => undefined)).resolves.toBeUndefined()
    const request = { key: `k${round}`, owner: 'o', fingerprint: null, leaseMs: 1_000, windowMs: 1_000 }
    expect(await keys.store.claim([request])).toMatchObject([{ type: 'acquired' }])
  }
})
