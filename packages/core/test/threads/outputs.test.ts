import { expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { createConsumer } from '../../src/consumer.ts'
import { string } from '../../src/pipeline/decoders.ts'
import { on } from '../../src/pipeline/handler.ts'
import { recordingLogger } from '../support/silent-logger.ts'
import { fixture } from '../support/thread-rig.ts'

const EXACTLY: Partial<ConsumerOptions> = {
  delivery: 'exactly-once',
  transactions: true,
  commitInterval: { records: 100, ms: 20 },
}
const ONE = on('t', { isolate: 'thread', value: string() }, fixture('copies.ts'))
const BATCH = on('t', { isolate: 'thread', batch: true, value: string() }, fixture('batch-copies.ts'))

/** A consumer whose handler runs in real threads, over a broker in memory, on the system's clock. */
function scene(values: readonly string[], options: Partial<ConsumerOptions>) {
  const broker = fakeBroker()
  broker.createTopic('t')
  broker.createTopic('out')
  const { logger, lines } = recordingLogger()
  const consumer = createConsumer({
    driver: broker.driver(),
    groupId: 'g',
    order: 'partition',
    maxPollRecords: 100,
    retryBackoffMs: 1,
    threads: { maxThreads: 1 },
    logger,
    handlers: [ONE],
    ...options,
  })
  const failed: unknown[] = []
  consumer.on('attempt:failed', ({ error }) => failed.push(error))
  broker.produce(
    't',
    values.map((value) => ({ key: 'k', value })),
  )
  const running = consumer.run()
  return {
    broker,
    lines,
    failed,
    out: () => broker.records('out').map(({ value }) => String(value)),
    committed: () => expect.poll(() => broker.committed('t', 0, 'g'), { timeout: 10_000 }),
    async [Symbol.asyncDispose]() {
      await consumer.stop({ timeoutMs: 0 }).catch(() => undefined)
      await running.catch(() => undefined)
    },
  }
}

test('what a handler produces in its thread is in the transaction that commits its record', async () => {
  await using story = scene(['a', 'fails once', 'b'], EXACTLY)
  await story.committed().toBe(3)
  expect(story.out()).toEqual(['a.1', 'fails once.2', 'b.1'])
  const [output] = story.broker.records('out')
  expect(output).toMatchObject({ key: Buffer.from('k'), timestamp: 1_234 })
  expect([...(output?.headers ?? [])]).toEqual([
    ['from', Buffer.from('a thread')],
    ['none', null],
  ])
})

test('an output that is none, and one after the end of its attempt, are refused where they are made', async () => {
  await using story = scene(['a', 'late', 'invalid'], { ...EXACTLY, maxAttempts: 1 })
  await expect.poll(() => story.failed, { timeout: 10_000 }).toMatchObject([{ code: 'HF_OUTPUT_INVALID' }])
  await story.committed().toBe(2)
  expect(story.out()).toEqual(['a.1', 'late.1'])
  const [refused] = story.lines.filter(({ message }) => message === 'refused')
  expect(refused?.fields.err).toMatchObject({ code: 'HF_OUTPUT_REFUSED', details: { offset: 0 } })
  expect(String(refused?.fields.err)).toContain('the attempt has ended')
})

test('without transactions it is refused as anywhere', async () => {
  await using story = scene(['a'], { maxAttempts: 1 })
  await expect.poll(() => story.failed, { timeout: 10_000 }).toMatchObject([{ code: 'HF_OUTPUT_REFUSED' }])
  expect(String(story.failed[0])).toContain('the consumer has no transactions')
})

test('of a batch that succeeds in parts there are the outputs of those that succeed', async () => {
  await using story = scene(['own', 'own fails', 'own'], { ...EXACTLY, handlers: [BATCH], maxAttempts: 1 })
  await story.committed().toBe(1)
  expect(story.out()).toEqual(['own', 'own'])
})

test.each([
  ['shared fails', 'belong to no commit'],
  ['foreign', 'it names a record that is not in the batch'],
])('of a batch, what belongs to no record that is committed fails the batch: %s', async (value, reason) => {
  await using story = scene(['own', value], { ...EXACTLY, handlers: [BATCH], maxAttempts: 1 })
  await expect.poll(() => story.failed.map(String), { timeout: 10_000 }).toEqual([expect.stringContaining(reason)])
  expect(story.failed[0]).toMatchObject({ code: 'HF_OUTPUT_REFUSED' })
  expect(story.out()).toEqual([])
})
