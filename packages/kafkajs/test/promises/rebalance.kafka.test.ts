import { describe, expect, inject, test } from 'vitest'
import { RecordedConsumer } from '../support/recorded-consumer.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { until } from '../support/until.ts'

const EAGER = { partitionAssignmentStrategy: ['range'] } as const
const COOPERATIVE = { partitionAssignmentStrategy: ['cooperative-sticky'] } as const

const counts = (consumers: readonly RecordedConsumer[]): number[] => consumers.map(({ owned }) => owned.length)
const sharedOut = (consumers: readonly RecordedConsumer[], expected: readonly number[]) =>
  until(
    `shares of ${expected.join(', ')} partitions`,
    () => counts(consumers),
    (seen) => seen.toSorted().join() === expected.toSorted().join(),
  )
const handledIn = (consumers: readonly RecordedConsumer[]): string[] => consumers.flatMap(({ handled }) => handled)
const allOf = (count: number, partitions: number): string[] =>
  Array.from({ length: count }, (_, index) => `${index % partitions}@${Math.floor(index / partitions)}`).sort()

describe('a rebalance', () => {
  test.each([
    ['cooperative', COOPERATIVE],
    ['eager', EAGER],
    ['sticky', { partitionAssignmentStrategy: ['sticky'] } as const],
    ['roundrobin', { partitionAssignmentStrategy: ['roundrobin'] } as const],
  ])('%s: members come and go, nothing is lost and nothing is repeated', async (_name, strategy) => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(4)
    await cluster.produceNumbers(topic, 200, 4)
    const options = { ...strategy, groupId: topic, order: 'key' as const, concurrency: 8 }
    const start = (): RecordedConsumer => new RecordedConsumer(cluster.brokers, topic, options, { handlerMs: 15 })
    await using first = start()
    await until(
      'the first join',
      () => first.owned.length,
      (count) => count === 4,
    )
    await using second = start()
    await sharedOut([first, second], [2, 2])
    await cluster.produceNumbers(topic, 200, 4, 200)
    await using third = start()
    await sharedOut([first, second, third], [1, 1, 2])
    await second.consumer.stop()
    await sharedOut([first, third], [2, 2])
    await until(
      'all commits',
      () => cluster.committed(topic, topic),
      (offsets) => offsets.join() === '100,100,100,100',
    )
    expect(handledIn([first, second, third]).sort()).toEqual(allOf(400, 4))
    expect([...first.lost, ...second.lost, ...third.lost]).toEqual([])
  })

  test('cooperative: a partition that stays keeps its epoch, and is never drained', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(2)
    await using first = new RecordedConsumer(cluster.brokers, topic, { ...COOPERATIVE, groupId: topic })
    await until(
      'the first join',
      () => first.owned.length,
      (count) => count === 2,
    )
    const drained: string[] = []
    first.consumer.on('drain:ended', ({ partitions }) =>
      drained.push(...partitions.map(({ partition }) => `${partition}`)),
    )
    await using second = new RecordedConsumer(cluster.brokers, topic, { ...COOPERATIVE, groupId: topic })
    await sharedOut([first, second], [1, 1])
    const [stays] = first.consumer.status().partitions
    expect(stays?.epoch).toBe(1)
    expect(drained).toEqual([String(1 - (stays?.partition as number))])
    await second.consumer.stop()
    await sharedOut([first], [2])
    const epochs = first.consumer.status().partitions.map(({ epoch }) => epoch)
    expect(epochs[0]).toBe(1)
    expect(epochs[1]).toBeGreaterThan(1)
  })

  test('an eager group turns cooperative when its last member with an eager strategy alone has gone', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(4)
    await cluster.produceNumbers(topic, 400, 4)
    const start = (strategy = {}): RecordedConsumer =>
      new RecordedConsumer(cluster.brokers, topic, { ...strategy, groupId: topic }, { handlerMs: 2 })
    await using old = start(EAGER)
    await until(
      'the first join',
      () => old.owned.length,
      (count) => count === 4,
    )
    await using first = start()
    await sharedOut([old, first], [2, 2])
    await using second = start()
    await sharedOut([old, first, second], [1, 1, 2])
    await old.consumer.stop()
    await sharedOut([first, second], [2, 2])
    const drains: number[] = []
    first.consumer.on('drain:ended', ({ partitions }) => drains.push(partitions.length))
    await using third = start()
    await sharedOut([first, second, third], [1, 1, 2])
    await until(
      'all commits',
      () => cluster.committed(topic, topic),
      (offsets) => offsets.join() === '100,100,100,100',
    )
    expect(
      drains.every((count) => count === 1),
      'only what moves is drained',
    ).toBe(true)
    expect(handledIn([old, first, second, third]).sort()).toEqual(allOf(400, 4))
    expect([old, first, second, third].flatMap(({ lost }) => lost)).toEqual([])
  })
})

test('a member whose strategies nobody else has is refused, with the fix', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(1)
  await using first = new RecordedConsumer(cluster.brokers, topic, { ...EAGER, groupId: topic })
  await until(
    'the first join',
    () => first.owned.length,
    (count) => count === 1,
  )
  const options = { groupId: topic, partitionAssignmentStrategy: ['roundrobin'] as const }
  await using second = new RecordedConsumer(cluster.brokers, topic, options)
  expect(await second.ended).toMatchObject({
    code: 'HF_STRATEGY_CONFLICT',
    message: expect.stringContaining('partitionAssignmentStrategy = roundrobin'),
  })
  expect(first.joins).toHaveLength(1)
})

test('a member that stops while its first join waits for the others leaves nobody behind', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(2)
  await cluster.produceNumbers(topic, 2, 2)
  const options = { ...EAGER, groupId: topic, sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 40_000 }
  await using first = new RecordedConsumer(cluster.brokers, topic, options, { handlerMs: 1_500 })
  await until(
    'a handler that keeps the join waiting',
    () => first.consumer.status().slots.busy,
    (busy) => busy > 0,
  )
  await using second = new RecordedConsumer(cluster.brokers, topic, options)
  await until(
    'the drain',
    () => first.consumer.status().partitions.map(({ phase }) => phase),
    (phases) => phases.includes('draining'),
  )
  await second.consumer.stop()
  expect(second.joins).toEqual([])
  await until(
    'both partitions at the one that stays',
    () => first.joins,
    (joins) => joins.length > 1 && joins.at(-1)?.partitions.length === 2,
    10_000,
  )
  const { members } = await cluster.admin.describeGroups([topic]).then(({ groups }) => groups[0] ?? { members: [] })
  expect(members).toHaveLength(1)
})

describe('static members', () => {
  test('a restart within the session causes no rebalance, and a twin takes over', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(2)
    const start = (groupInstanceId: string): RecordedConsumer =>
      new RecordedConsumer(cluster.brokers, topic, { groupId: topic, groupInstanceId, sessionTimeoutMs: 10_000 })
    await using other = start('other')
    await using first = start('named')
    await sharedOut([other, first], [1, 1])
    const [owned, joins] = [first.owned, other.joins.length]
    await first.consumer.stop()
    await using second = start('named')
    await until(
      'its partition',
      () => second.owned,
      (partitions) => partitions.length === 1,
    )
    expect(second.owned).toEqual(owned)
    await cluster.produceNumbers(topic, 20, 2)
    await until(
      'all records',
      () => handledIn([other, second]).length,
      (count) => count === 20,
    )
    expect(other.joins).toHaveLength(joins)
    await using twin = start('named')
    await until(
      'the same partition',
      () => twin.owned,
      (partitions) => partitions.join() === owned.join(),
    )
    expect(await second.ended).toMatchObject({
      code: 'HF_INSTANCE_FENCED',
      message: expect.stringContaining('groupInstanceId = "named"'),
    })
    expect(other.joins).toHaveLength(joins)
  })
})
