import { on } from '@holdfast/core'
import { describe, expect, inject, test } from 'vitest'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

describe('a copier', () => {
  test('writes and commits together', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const [input, output] = [await cluster.createTopic(2), await cluster.createTopic(3)]
    await cluster.produceNumbers(input, 2_000, 2)
    const consumer = testConsumer(cluster.brokers, {
      groupId: input,
      delivery: 'exactly-once',
      transactions: true,
      order: 'key',
      handlers: [on(input, ({ key, value }, { produce }) => produce({ topic: output, key, value }))],
    })
    const commits: unknown[] = []
    consumer.on('commit:ok', (event) => void commits.push(event))
    consumer.on('commit:unknown', ({ error }) => console.log(error))
    const t0 = Date.now()
    await whileRunning(consumer, async () => {
      console.log('joined', Date.now() - t0)
      await until(
        'committed',
        () => cluster.committed(input, input),
        (offsets) => offsets.every((o) => o === 1_000),
      )
      console.log('done', Date.now() - t0, commits.length)
    })
    console.log(await cluster.logEnds(output))
    expect(1).toBe(1)
  })
})
