import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, inject, test } from 'vitest'
import { RecordedConsumer } from '../support/recorded-consumer.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { until } from '../support/until.ts'

describe('what changes under a running consumer', () => {
  test('a raised partition count is noticed; the new partition is read from its start, and nothing twice', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    await cluster.produceNumbers(topic, 20, 1)
    const options = { groupId: topic, commitInterval: { ms: 60_000 } }
    await using member = new RecordedConsumer(cluster.brokers, topic, options, { metadataMaxAgeMs: 300 })
    await until(
      'the first records',
      () => member.handled.length,
      (count) => count === 20,
    )
    await cluster.admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] })
    await until(
      'the leader',
      () => cluster.admin.fetchTopicMetadata({ topics: [topic] }),
      ({ topics: [found] }) => found?.partitions.length === 2 && found.partitions.every(({ leader }) => leader >= 0),
    )
    // A producer that knew the topic before would drop what goes to a partition it does not know.
    await using later = await TestCluster.connect(cluster.brokers)
    await later.produceNumbers(topic, 20, 2)
    await until(
      'all records',
      () => member.handled.length,
      (count) => count >= 40,
    )
    expect(new Set(member.handled).size).toBe(40)
    expect(member.consumer.status().partitions.map(({ epoch }) => epoch)[0]).toBe(1)
  })

  test('a topic that appears later and matches a pattern is read', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const prefix = `later-${randomUUID()}`
    const topic = await cluster.createTopic(1, `${prefix}-a`)
    await cluster.produceNumbers(topic, 10, 1)
    const pattern = new RegExp(`^${prefix}`)
    await using member = new RecordedConsumer(cluster.brokers, pattern, { groupId: prefix }, { metadataMaxAgeMs: 300 })
    await until(
      'the first records',
      () => member.handled.length,
      (count) => count === 10,
    )
    const later = await cluster.createTopic(1, `${prefix}-b`)
    await cluster.produceNumbers(later, 5, 1)
    await until(
      'the later topic',
      () => member.owned,
      (owned) => owned.length === 2,
    )
    await until(
      'all records',
      () => member.handled.length,
      (count) => count >= 15,
    )
    await until(
      'its commit',
      () => cluster.committed(prefix, later),
      ([offset]) => offset === 5,
    )
    expect(member.handled).toHaveLength(15)
    expect(member.crashes).toEqual([])
  })

  test('a deleted topic ends the run by name, after a bounded number of new clients', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    await cluster.produceNumbers(topic, 5, 1)
    const driver = { metadataMaxAgeMs: 300, maxRestarts: 1 }
    await using member = new RecordedConsumer(cluster.brokers, topic, { groupId: topic }, driver)
    await until(
      'the first records',
      () => member.handled.length,
      (count) => count === 5,
    )
    await cluster.deleteTopic(topic)
    const error = await Promise.race([member.ended, sleep(40_000, 'still running', { ref: false })])
    expect(error).toMatchObject({ code: 'HF_TOPIC_MISSING', message: expect.stringContaining(topic) })
    expect(member.crashes.map(({ willRestart }) => willRestart)).toEqual([true, false])
    expect(member.consumer.status().health.status).toBe('unhealthy')
  })
})
