import { createConsumer, on } from '@holdfast/core'
import { expect, test } from 'vitest'
import { createFakeClock } from '../../src/fake-clock.ts'
import { fakeBroker } from '../../src/fake-driver.ts'

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

test('a consumer runs end to end on the fake driver', async () => {
  const clock = createFakeClock()
  const broker = fakeBroker()
  broker.createTopic('mail', 2)
  broker.produce('mail', [
    { value: 'a', partition: 0 },
    { value: 'b', partition: 0 },
    { value: 'c', partition: 1 },
  ])
  const seen: string[] = []
  const consumer = createConsumer({
    driver: broker.driver(),
    clock,
    logger: silent,
    groupId: 'g',
    handlers: [on('mail', (record) => void seen.push(String(record.value)))],
  })
  const run = consumer.run()
  await clock.advance('2s')
  expect(seen.toSorted()).toEqual(['a', 'b', 'c'])
  expect(broker.committed('mail', 0)).toBe(2)
  expect(broker.committed('mail', 1)).toBe(1)
  await consumer.stop()
  await run
  expect(broker.assignments()).toEqual([])
  expect(clock.pendingTimers).toBe(0)
})
