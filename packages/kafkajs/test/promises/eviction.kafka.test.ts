import { type CommitRequest, type ConsumerEvents, on, partitionName } from '@holdfast/core'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { ASSIGNORS } from '../../src/assignors/assignors.ts'
import type { ClusterInternals } from '../../src/internals/cluster.ts'
import { Kafka, logLevel } from '../../src/internals/kafkajs.ts'
import { RecordedConsumer } from '../support/recorded-consumer.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { until } from '../support/until.ts'

/** Takes a member out of its group without a word to it, as the coordinator does when a session ends. */
async function evict(brokers: readonly string[], groupId: string, memberId: string): Promise<void> {
  const clusters: ClusterInternals[] = []
  const consumer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).consumer({
    groupId,
    partitionAssigners: [
      ({ cluster }) => {
        clusters.push(cluster as unknown as ClusterInternals)
        return {
          name: 'none',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        }
      },
    ],
  })
  await consumer.connect()
  const coordinator = await clusters[0]?.findGroupCoordinator({ groupId })
  await coordinator?.leaveGroup({ groupId, memberId })
  await consumer.disconnect()
}

test.each(['cooperative-sticky', 'sticky'] as const)(
  '%s: an evicted member commits and claims nothing of what it had, and what ran runs again',
  async (name) => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(2)
    const assign = vi.spyOn(ASSIGNORS[name], 'assign')
    onTestFinished(() => void assign.mockRestore())
    const options = { groupId: topic, partitionAssignmentStrategy: [name], commitInterval: { records: 1, ms: 10 } }
    await using leader = new RecordedConsumer(cluster.brokers, topic, options)
    await until(
      'the first join',
      () => leader.owned.length,
      (count) => count === 2,
    )
    const release = Promise.withResolvers<void>()
    const signals: AbortSignal[] = []
    const handler = on(topic, async (_, { signal }) => {
      if (signals.push(signal) === 1) await release.promise
    })
    await using evicted = new RecordedConsumer(cluster.brokers, topic, { ...options, handlers: [handler] })
    await until(
      'halves',
      () => [leader.owned.length, evicted.owned.length].join(),
      (counts) => counts === '1,1',
    )
    const before = evicted.joins.at(-1) as ConsumerEvents['group:joined']
    const commits: CommitRequest[] = []
    for (const event of ['commit:ok', 'commit:fenced', 'commit:unknown'] as const)
      evicted.consumer.on(event, ({ offsets }) => commits.push(...offsets))
    const stale: unknown[] = []
    evicted.consumer.on('attempt:stale', (event) => stale.push(event))
    await cluster.produceNumbers(topic, 2, 2)
    await until(
      'a handler that runs',
      () => signals.length,
      (count) => count === 1,
    )
    assign.mockClear()
    await evict(cluster.brokers, topic, before.memberId)
    const { memberId } = (await until(
      'a join under another id',
      () => evicted.joins.at(-1),
      (join) => join?.memberId !== before.memberId,
    )) as ConsumerEvents['group:joined']
    release.resolve()
    await until(
      'its late end',
      () => stale.length,
      (count) => count === 1,
    )
    await until(
      'all commits',
      () => cluster.committed(topic, topic),
      (offsets) => offsets.join() === '1,1',
    )
    expect(stale).toMatchObject([{ epoch: before.epoch, offset: 0 }])
    expect(evicted.lost).toEqual(before.partitions.map(partitionName))
    expect(signals[0]?.reason).toMatchObject({ details: { reason: 'lost' } })
    expect(commits.filter(({ epoch }) => epoch === before.epoch)).toEqual([])
    const claims = assign.mock.calls.flatMap(([members]) => members).filter((member) => member.memberId === memberId)
    expect(claims[0], 'what it claims when it comes back').toMatchObject({ owned: [], generationId: -1 })
  },
)
