import { type Consumer, type ConsumerRecord, createConsumer, type Driver, type DriverContext, on } from '@holdfast/core'
import { createFakeClock } from '@holdfast/testing'
import { expect, onTestFinished, test } from 'vitest'
import { encodeAssignment } from '../../src/assignors/consumer-protocol.ts'
import { Fetching } from '../../src/fetch/fetching.ts'
import { GroupSession } from '../../src/group/group-session.ts'
import { Membership } from '../../src/group/membership.ts'
import type { BrokerInternals, ClusterInternals } from '../../src/internals/cluster.ts'
import type { EachBatchPayload } from '../../src/internals/kafkajs.ts'
import { quietLogger } from '../support/quiet-logger.ts'

const committed = new Map<number, number>()
const broker = {
  offsetFetch: async () => ({ responses: [] }),
  heartbeat: async () => undefined,
  offsetCommit: async ({
    topics,
  }: {
    topics: readonly { partitions: readonly { partition: number; offset: string }[] }[]
  }) => {
    for (const { partitions } of topics)
      for (const { partition, offset } of partitions) committed.set(partition, Number(offset))
  },
} as unknown as BrokerInternals

/** The driver's own group and fetching under a core, without kafkajs. */
class Member {
  session!: GroupSession
  fetching!: Fetching
  readonly consumer: Consumer

  constructor(handle: (record: ConsumerRecord) => Promise<void>) {
    this.consumer = createConsumer({
      groupId: 'g',
      logger: quietLogger,
      clock,
      order: 'partition',
      maxPollRecords: 10,
      partitionAssignmentStrategy: ['range'],
      commitInterval: { ms: 10 },
      handlers: [on('t', handle)],
      driver: { name: 'parts', describe: () => 'nowhere', create: (context) => this.#create(context) },
    })
  }

  async join(generationId: number): Promise<void> {
    await this.session.beforeJoin(broker, generationId === 1 ? '' : 'm')
    this.session.joined({ memberId: 'm', generationId, groupProtocol: 'range' })
    const partitions = [0, 1].map((partition) => ({ topic: 't', partition }))
    await this.session.synced(broker, encodeAssignment({ partitions, userData: null }))
    this.session.assigned()
  }

  /** What kafkajs does with a response: it asks through `fetch`, and hands over what comes back. */
  async fetch(partition: number, log: readonly number[]): Promise<void> {
    const asked = { partition, fetchOffset: '0', maxBytes: 1 }
    const { responses } = await this.fetching.fetch({ topics: [{ topic: 't', partitions: [asked] }] }, async () => {
      await arrival
      const messages = log
        .filter((offset) => offset >= Number(asked.fetchOffset))
        .map((offset) => ({ offset: String(offset), timestamp: '0', key: null, value: Buffer.from('v'), headers: {} }))
      return { responses: [{ topicName: 't', partitions: [{ partition, messages }] }] }
    })
    const messages = responses[0]?.partitions[0]?.messages ?? []
    if (messages.length === 0) return
    const lastOffset = (): string => messages.at(-1)?.offset as string
    const batch = { topic: 't', partition, messages, highWatermark: '9', fetchedOffset: asked.fetchOffset, lastOffset }
    this.fetching.handOver({ batch } as unknown as EachBatchPayload)
  }

  #create(context: DriverContext): Driver {
    const cluster = (): ClusterInternals =>
      ({
        fetchTopicsOffset: async () => [
          { topic: 't', partitions: [0, 1].map((partition) => ({ partition, offset: '0' })) },
        ],
        findGroupCoordinator: async () => broker,
      }) as unknown as ClusterInternals
    this.fetching = new Fetching(context, cluster)
    const membership = new Membership({
      groupId: 'g',
      cluster,
      owns: (request) => this.fetching.owns(request),
      metadataRefused: () => undefined,
    })
    this.session = new GroupSession({ context, cluster, membership, fetching: this.fetching })
    const driver: Partial<Driver> = {
      start: () => this.join(1),
      stop: async () => this.session.end(),
      pause: (partitions) => this.fetching.pause(partitions),
      resume: (partitions) => this.fetching.resume(partitions),
      commit: (requests) => membership.commit(requests),
      confirm: () => this.session.confirm(),
      produce: async () => undefined,
      release: (partitions) => this.session.release(partitions),
      skipTo: () => undefined,
    }
    return driver as Driver
  }
}

let arrival: Promise<void> = Promise.resolve()
const clock = createFakeClock()

/**
 * kafkajs joins anew from inside the fetch of one broker when a partition has another leader; the fetches of the other
 * brokers go on meanwhile.
 */
test('what another broker answers while an eager join waits for its drain is not lost', async () => {
  const handled: string[] = []
  const slow = Promise.withResolvers<void>()
  const member = new Member(async ({ partition, offset }) => {
    handled.push(`${partition}@${offset}`)
    if (partition === 0) await slow.promise
  })
  onTestFinished(async () => {
    const stopped = member.consumer.stop()
    await clock.advance('1m')
    await stopped
  })
  void member.consumer.run()
  await clock.settle()
  await member.fetch(0, [0])
  const answered = Promise.withResolvers<void>()
  arrival = answered.promise
  const underWay = member.fetch(1, [0, 1])
  const joining = member.join(2)
  await clock.settle()
  answered.resolve()
  await underWay
  slow.resolve()
  await joining
  // The log has grown, and is fetched on.
  await member.fetch(1, [0, 1, 2])
  await clock.advance(50)
  expect(committed.get(1)).toBe(3)
  expect(handled).toEqual(['0@0', '1@0', '1@1', '1@2'])
})
