import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { createConsumer } from '../../src/consumer.ts'
import { on } from '../../src/pipeline/handler.ts'
import { values } from '../support/harness.ts'
import { silentLogger } from '../support/silent-logger.ts'

test('the rate limit is spent on records alone, also where partitions may use one slot each', async () => {
  const broker = fakeBroker()
  broker.createTopic('t', 2)
  let handled = 0
  const consumer = createConsumer({
    groupId: 'g',
    driver: broker.driver(),
    logger: silentLogger,
    order: 'none',
    maxPollRecords: 500,
    concurrency: 20,
    concurrencyPerPartition: 1,
    rateLimit: { records: 20, intervalMs: 200 },
    handlers: [
      on('t', async () => {
        await sleep(1)
        handled += 1
      }),
    ],
  })
  void consumer.run()
  await sleep(50)
  for (const partition of [0, 1]) broker.produce('t', values(0, 400, partition))
  await sleep(1_500)
  await consumer.stop()
  expect(handled).toBeGreaterThan(100)
})

test('nothing keeps the process after the stop, however long the interval of the rate limit is', async () => {
  const set = vi.spyOn(globalThis, 'setInterval')
  const cleared = vi.spyOn(globalThis, 'clearInterval')
  onTestFinished(() => void vi.restoreAllMocks())
  const broker = fakeBroker()
  broker.createTopic('t')
  const consumer = createConsumer({
    groupId: 'g',
    driver: broker.driver(),
    logger: silentLogger,
    order: 'none',
    concurrency: 5,
    rateLimit: { records: 2, intervalMs: 60_000 },
    handlers: [on('t', () => undefined)],
  })
  void consumer.run()
  await sleep(50)
  broker.produce('t', values(0, 20))
  await sleep(100)
  expect(set).toHaveBeenCalledWith(expect.anything(), 60_000)
  await consumer.stop()
  const ended = cleared.mock.calls.map(([timer]) => timer)
  expect(set.mock.results.filter(({ value }) => !ended.includes(value))).toEqual([])
})
