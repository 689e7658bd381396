import { once } from 'node:events'
import { on } from '@holdfast/core'
import { describe, expect, inject, test } from 'vitest'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

describe('stop', () => {
  test('lets what runs finish, commits it, starts nothing more, and leaves the group', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    await cluster.produceNumbers(topic, 50, 1)
    const entered = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    let handled = 0
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      commitInterval: { records: 1_000, ms: 60_000 },
      handlers: [
        on(topic, async ({ offset }) => {
          if (offset === 10) {
            entered.resolve()
            await release.promise
          }
          handled += 1
        }),
      ],
    })
    const running = consumer.run()
    await entered.promise
    const stopped = consumer.stop()
    release.resolve()
    expect((await stopped).abandoned).toEqual([])
    await running
    expect(handled).toBe(11)
    expect(await cluster.committed(topic, topic)).toEqual([11])
    const { groups } = await cluster.admin.describeGroups([topic])
    expect(groups[0]?.members).toEqual([])
  })

  test('leaves the record of a handler that hangs uncommitted, aborts its signal, and ends in time', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(2)
    await cluster.produceNumbers(topic, 20, 2)
    const aborted = Promise.withResolvers<unknown>()
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      shutdownTimeoutMs: 300,
      handlers: [
        on(topic, async ({ partition, offset }, { signal }) => {
          if (partition !== 1 || offset !== 4) return
          signal.addEventListener('abort', () => aborted.resolve(signal.reason))
          await new Promise(() => undefined)
        }),
      ],
    })
    const running = consumer.run()
    await until(
      'partition 0',
      () => cluster.committed(topic, topic),
      ([first]) => first === 10,
    )
    const startedMs = performance.now()
    const { abandoned } = await consumer.stop()
    await running
    expect(performance.now() - startedMs).toBeLessThan(5_000)
    expect(abandoned).toMatchObject([{ topic, partition: 1, offset: 4 }])
    expect(await aborted.promise).toMatchObject({ code: 'HF_ABORTED', details: { reason: 'shutdown' } })
    expect(await cluster.committed(topic, topic)).toEqual([10, 4])
  })

  test('stop while starting gives the start up', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    const consumer = testConsumer(cluster.brokers, { groupId: topic, handlers: [on(topic, () => undefined)] })
    const running = consumer.run()
    await consumer.stop()
    await running
    expect(consumer.status().state).toBe('stopped')
  })

  test('an aborted signal stops a run', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    const controller = new AbortController()
    const consumer = testConsumer(cluster.brokers, { groupId: topic, handlers: [on(topic, () => undefined)] })
    const joined = new Promise<void>((resolve) => consumer.on('group:joined', () => resolve()))
    const running = consumer.run({ signal: controller.signal })
    await joined
    const aborted = once(controller.signal, 'abort')
    controller.abort()
    await aborted
    await running
    expect(consumer.status().state).toBe('stopped')
  })
})
