import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, onTestFinished, test } from 'vitest'
import { RecordedConsumer } from '../support/recorded-consumer.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { until } from '../support/until.ts'

interface BrokerModule {
  readonly prototype: { fetch(): Promise<unknown> }
}

test('a client that ends itself is replaced, a bounded number of times, and nothing is passed over', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(1)
  await cluster.produceNumbers(topic, 5, 1)
  const driver = { maxRestarts: 2 }
  await using member = new RecordedConsumer(cluster.brokers, topic, { groupId: topic }, driver)
  await until(
    'the first commit',
    () => cluster.committed(topic, topic),
    ([offset]) => offset === 5,
  )
  const broker: BrokerModule = createRequire(import.meta.url)('kafkajs/src/broker/index.js')
  const { fetch } = broker.prototype
  onTestFinished(() => {
    broker.prototype.fetch = fetch
  })
  broker.prototype.fetch = () => Promise.reject(new TypeError('a fault of the client itself'))
  const error = await Promise.race([member.ended, sleep(30_000, 'still running', { ref: false })])
  expect(error).toMatchObject({ code: 'HF_DRIVER_CRASHED' })
  expect(member.crashes.map(({ willRestart }) => willRestart)).toEqual([true, true, false])
  expect(member.handled).toHaveLength(5)
  expect(await cluster.committed(topic, topic)).toEqual([5])
})
