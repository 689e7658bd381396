import { describe, expect, it, vi } from 'vitest'
import { type AssignerOptions, createAssigner } from '../../src/assignors/assigner.ts'
import { ASSIGNORS, type AssignorName } from '../../src/assignors/assignors.ts'
import { decodeAssignment, decodeSubscription, encodeSubscription } from '../../src/assignors/consumer-protocol.ts'
import type { TopicLookup } from '../../src/assignors/partition-counts.ts'
import type { GroupMemberAssignment } from '../../src/internals/kafkajs.ts'
import { partitionsOf, show } from './group.ts'

const NAMES = Object.keys(ASSIGNORS) as AssignorName[]

/** kafkajs's cluster as a leader finds it: it knows `own` topics, and its broker knows the others. */
function fakeCluster(own: Record<string, number>, others: Record<string, number | 'forbidden'> = {}) {
  const partitions = (count: number) => Array.from({ length: count }, (_, partitionId) => ({ partitionId }))
  const requests: string[][] = []
  let silentBrokers = 0
  async function metadata(topics: readonly string[]) {
    if (silentBrokers-- > 0) throw new Error('the connection broke')
    requests.push([...topics])
    for (const topic of topics) {
      if (others[topic] === undefined) throw Object.assign(new Error(), { type: 'UNKNOWN_TOPIC_OR_PARTITION' })
      if (others[topic] === 'forbidden') throw Object.assign(new Error(), { type: 'TOPIC_AUTHORIZATION_FAILED' })
    }
    return { topicMetadata: topics.map((topic) => ({ topic, partitionMetadata: partitions(others[topic] as number) })) }
  }
  const cluster = {
    retrier: async (attempt: () => Promise<unknown>) => {
      for (let attempts = 0; attempts < 3; attempts += 1)
        await attempt().then(
          () => (attempts = 3),
          () => undefined,
        )
    },
    getNodeIds: () => ['1', '2'],
    findBroker: vi.fn(async () => ({ metadata })),
    findTopicPartitionMetadata: (topic: string) => partitions(own[topic] ?? 0),
  }
  const silence = (brokers: number): void => {
    silentBrokers = brokers
  }
  return { cluster: cluster as unknown as TopicLookup, findBroker: cluster.findBroker, requests, silence }
}

function options(given: Partial<AssignerOptions> = {}): AssignerOptions {
  return {
    cluster: fakeCluster({}).cluster,
    owned: () => ({ partitions: [], generationId: -1 }),
    onUnreadable: ({ error }) => expect.unreachable(error),
    ...given,
  }
}

function subscribed(...topics: string[]): Buffer {
  return encodeSubscription({ topics, userData: null, ownedPartitions: [], generationId: -1, rackId: null })
}

function read(assignment: readonly GroupMemberAssignment[]): Record<string, string> {
  return show(new Map(assignment.map((one) => [one.memberId, decodeAssignment(one.memberAssignment).partitions])))
}

describe('the subscription of a join', () => {
  it.each(NAMES)('of %s has the name that Java gives it', (name) => {
    const assigner = createAssigner(ASSIGNORS[name], options())
    expect(assigner.name).toBe(name)
    expect(assigner.protocol({ topics: ['t'] }).name).toBe(name)
  })

  it.each([
    ['range', [], -1, null],
    ['roundrobin', [], -1, null],
    ['sticky', [0, 1], 7, '000000010001740000000200000000000000010000' + '0007'],
    ['cooperative-sticky', [0, 1], 7, '00000007'],
  ] as const)('of %s tells what is owned if a leader can use it', (name, owned, generationId, userData) => {
    const partitions = partitionsOf({ t: [0, 1] })
    const assigner = createAssigner(ASSIGNORS[name], options({ owned: () => ({ partitions, generationId: 7 }) }))
    expect(decodeSubscription(assigner.protocol({ topics: ['t'] }).metadata)).toEqual({
      topics: ['t'],
      userData: userData && Buffer.from(userData, 'hex'),
      ownedPartitions: partitionsOf({ t: owned }),
      generationId,
      rackId: null,
    })
  })

  it('tells what is owned at that moment', () => {
    let owned = { partitions: partitionsOf({}), generationId: -1 }
    const assigner = createAssigner(ASSIGNORS.sticky, options({ owned: () => owned }))
    expect(decodeSubscription(assigner.protocol({ topics: ['t'] }).metadata)).toMatchObject({ generationId: -1 })
    owned = { partitions: partitionsOf({ t: [3] }), generationId: 2 }
    expect(decodeSubscription(assigner.protocol({ topics: ['t'] }).metadata)).toMatchObject({
      ownedPartitions: owned.partitions,
      generationId: 2,
    })
  })
})

describe('the assignment by a leader', () => {
  it.each(NAMES)('of %s reaches every member', async (name) => {
    const { cluster, requests } = fakeCluster({ t: 3 })
    const members = ['b', 'a'].map((memberId) => ({ memberId, memberMetadata: subscribed('t') }))
    const assignment = await createAssigner(ASSIGNORS[name], options({ cluster })).assign({ members, topics: ['t'] })
    expect(read(assignment)).toEqual(name === 'range' ? { a: 't/0 t/1', b: 't/2' } : { a: 't/0 t/2', b: 't/1' })
    expect(requests).toEqual([])
  })

  it('covers topics that only others subscribe to, without making them its own', async () => {
    const { cluster, requests } = fakeCluster({ t: 1 }, { u: 2, v: 1 })
    const members = [
      { memberId: 'a', memberMetadata: subscribed('t') },
      { memberId: 'b', memberMetadata: subscribed('t', 'u', 'v') },
    ]
    const assignment = await createAssigner(ASSIGNORS.range, options({ cluster })).assign({ members, topics: ['t'] })
    expect(read(assignment)).toEqual({ a: 't/0', b: 'u/0 u/1 v/0' })
    expect(requests).toEqual([['u', 'v']])
  })

  it('goes on without topics that are not there or may not be seen', async () => {
    const { cluster } = fakeCluster({}, { u: 2, secret: 'forbidden' })
    const members = [{ memberId: 'b', memberMetadata: subscribed('gone', 'secret', 'u') }]
    const assignment = await createAssigner(ASSIGNORS.range, options({ cluster })).assign({ members, topics: ['t'] })
    expect(read(assignment)).toEqual({ b: 'u/0 u/1' })
  })

  it('asks the next broker when one does not answer', async () => {
    const { cluster, findBroker, silence } = fakeCluster({}, { u: 1 })
    silence(1)
    const members = [{ memberId: 'b', memberMetadata: subscribed('u') }]
    const assignment = await createAssigner(ASSIGNORS.range, options({ cluster })).assign({ members, topics: [] })
    expect(read(assignment)).toEqual({ b: 'u/0' })
    expect(findBroker.mock.calls).toEqual([[{ nodeId: '1' }], [{ nodeId: '2' }]])
  })

  it('gives nothing to a member that cannot be read, and says so', async () => {
    const { cluster } = fakeCluster({ t: 2 })
    const onUnreadable = vi.fn()
    const members = [
      { memberId: 'a', memberMetadata: subscribed('t') },
      { memberId: 'b', memberMetadata: Buffer.from([0, 3, 0x7f, 0xff, 0xff, 0xff]) },
    ]
    const assigner = createAssigner(ASSIGNORS['cooperative-sticky'], options({ cluster, onUnreadable }))
    expect(read(await assigner.assign({ members, topics: ['t'] }))).toEqual({ a: 't/0 t/1', b: '' })
    expect(onUnreadable).toHaveBeenCalledExactlyOnceWith({
      memberId: 'b',
      error: 'subscription: topics claims 2147483647 entries with 0 bytes left (byte 6)',
    })
  })

  it('orders static members by their instance ids, which kafkajs tells the leader', async () => {
    const { cluster } = fakeCluster({ t: 2 })
    const members = [
      { memberId: 'a', groupInstanceId: null, memberMetadata: subscribed('t') },
      { memberId: 'z', groupInstanceId: 'one', memberMetadata: subscribed('t') },
    ]
    const assignment = await createAssigner(ASSIGNORS.range, options({ cluster })).assign({ members, topics: ['t'] })
    expect(read(assignment)).toEqual({ z: 't/0', a: 't/1' })
  })
})
