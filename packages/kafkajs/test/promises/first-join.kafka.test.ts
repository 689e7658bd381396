import { createConsumer, on } from '@holdfast/core'
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest'
import { kafkajs } from '../../src/index.ts'
import { requireInternal } from '../../src/internals/kafkajs.ts'
import { quietLogger } from '../support/quiet-logger.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

interface BrokerPrototype {
  joinGroup(this: unknown, request: object): Promise<unknown>
}

const { prototype } = requireInternal<{ readonly prototype: BrokerPrototype }>('broker')
const { joinGroup } = prototype

/** kafkajs gives a join up after so many answers. */
const TRIES = 6
let refusals: number
let refused: number
/** Joins are answered as by a broker that coordinates the group no more. */
beforeEach(() => {
  refused = 0
  vi.spyOn(prototype, 'joinGroup').mockImplementation(function (this: unknown, request) {
    if (refused >= refusals) return joinGroup.call(this, request)
    refused += 1
    const error = new Error('This is not the correct coordinator for this group')
    return Promise.reject(Object.assign(error, { type: 'NOT_COORDINATOR_FOR_GROUP', retriable: true }))
  })
})
afterEach(() => void vi.restoreAllMocks())

test('a first join that is refused for longer than the client tries is tried by another client', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(1)
  await cluster.produceNumbers(topic, 10, 1)
  refusals = 2 * TRIES
  const consumer = testConsumer(cluster.brokers, { groupId: topic, handlers: [on(topic, () => undefined)] })
  await whileRunning(consumer, () =>
    until(
      'the end of the log',
      () => cluster.committed(topic, topic),
      ([offset]) => offset === 10,
    ),
  )
  expect(refused).toBe(2 * TRIES)
})

test('one that is refused beyond startTimeoutMs ends the run with its reason', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(1)
  refusals = Number.POSITIVE_INFINITY
  const driver = kafkajs({ brokers: cluster.brokers, startTimeoutMs: 1_000 })
  const handlers = [on(topic, () => undefined)]
  const consumer = createConsumer({ driver, groupId: topic, handlers, logger: quietLogger })
  await expect(consumer.run()).rejects.toMatchObject({
    code: 'HF_DRIVER_CRASHED',
    message: expect.stringContaining('not the correct coordinator'),
  })
  expect(refused).toBe(TRIES)
})
