import type { Assignment, CommitRequest, DriverContext, RecordBatch, TopicPartition } from '@holdfast/core'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { encodeAssignment } from '../../src/assignors/consumer-protocol.ts'
import { Fetching } from '../../src/fetch/fetching.ts'
import { GroupSession } from '../../src/group/group-session.ts'
import { Membership } from '../../src/group/membership.ts'
import type { BrokerInternals, ClusterInternals } from '../../src/internals/cluster.ts'
import type { EachBatchPayload } from '../../src/internals/kafkajs.ts'
import { quietLogger } from '../support/quiet-logger.ts'

const at = (partition: number): TopicPartition => ({ topic: 't', partition })
const named = (partitions: readonly TopicPartition[]): number[] => partitions.map(({ partition }) => partition)

/** A coordinator whose answers the test gives, and what the core is told. */
class Stage {
  readonly told: string[] = []
  readonly commits: { memberId: string; groupGenerationId: number }[] = []
  /** How the next commits are answered. */
  commitAnswer: () => Promise<unknown> = async () => undefined
  readonly session: GroupSession
  readonly membership: Membership
  readonly fetching: Fetching
  readonly drained = new Map<string, PromiseWithResolvers<void>>()
  heartbeats = 0
  /** How the next heartbeats are answered. */
  heartbeatAnswer: () => Promise<unknown> = async () => undefined
  /** What the next eager drain waits for. */
  suspended: Promise<void> = Promise.resolve()
  #epoch = 0
  readonly #broker = {
    offsetFetch: async () => ({ responses: [] }),
    heartbeat: () => {
      this.heartbeats += 1
      return this.heartbeatAnswer()
    },
    offsetCommit: (request: { memberId: string; groupGenerationId: number }) => {
      this.commits.push(request)
      return this.commitAnswer()
    },
  } as unknown as BrokerInternals

  constructor() {
    const cluster = (): ClusterInternals => ({ fetchTopicsOffset: async () => [] }) as unknown as ClusterInternals
    const context = {
      groupId: 'g',
      autoOffsetReset: 'earliest',
      heartbeatIntervalMs: 1_000,
      maxPartitionFetchBytes: 1_000,
      logger: quietLogger,
      sink: {
        assigned: (assignment: Assignment) => this.#assigned(assignment),
        suspending: () => this.#suspending(),
        revoking: (partitions: readonly TopicPartition[]) => this.#revoking(partitions),
        batch: ({ nextOffset }: RecordBatch) => void this.told.push(`batch to ${nextOffset}`),
        lost: (reason: string) => void this.told.push(`lost: ${reason}`),
      },
    } as unknown as DriverContext
    const fetching = new Fetching(context, cluster)
    this.fetching = fetching
    this.membership = new Membership({
      groupId: 'g',
      cluster,
      owns: (request) => fetching.owns(request),
      metadataRefused: () => undefined,
    })
    this.session = new GroupSession({ context, cluster, membership: this.membership, fetching })
  }

  async join(memberId: string, generationId: number, groupProtocol: string, known = memberId): Promise<void> {
    await this.session.beforeJoin(this.#broker, known)
    this.session.joined({ memberId, generationId, groupProtocol })
  }

  async sync(...partitions: number[]): Promise<void> {
    await this.session.synced(this.#broker, encodeAssignment({ partitions: partitions.map(at), userData: null }))
    this.session.assigned()
  }

  commit(partition: number, epoch: number): Promise<string | undefined> {
    const request: CommitRequest = { ...at(partition), epoch, offset: 1, metadata: '' }
    return this.membership.commit([request]).then(([result]) => result?.status)
  }

  /** The first records of partition 0, as kafkajs hands them over. */
  handOver(): void {
    const batch = { ...at(0), messages: [], highWatermark: '3', fetchedOffset: '0', lastOffset: () => '2' }
    this.fetching.handOver({ batch } as unknown as EachBatchPayload)
  }

  #assigned({ partitions, retainable }: Assignment): { epoch: number; retained: readonly TopicPartition[] } {
    this.#epoch += 1
    this.told.push(`assigned ${named(partitions)}, retainable ${named(retainable)}`)
    return { epoch: this.#epoch, retained: retainable }
  }

  #suspending(): Promise<void> {
    this.told.push('suspending')
    return this.suspended
  }

  #revoking(partitions: readonly TopicPartition[]): Promise<void> {
    this.told.push(`revoking ${named(partitions)}`)
    const drained = Promise.withResolvers<void>()
    this.drained.set(String(named(partitions)), drained)
    return drained.promise
  }
}

async function inGroup(strategy: string): Promise<Stage> {
  const stage = new Stage()
  await stage.join('m', 1, strategy, '')
  await stage.sync(0, 1)
  stage.told.length = 0
  return stage
}

describe('what may be retained', () => {
  test.each(['range', 'cooperative-sticky'])('%s: the very next generation under the same id', async (strategy) => {
    const stage = await inGroup(strategy)
    await stage.join('m', 2, strategy)
    await stage.sync(0, 1, 2)
    expect(stage.told.at(-1)).toBe('assigned 0,1,2, retainable 0,1')
  })

  test('nothing, where a generation went on without this member', async () => {
    const stage = await inGroup('range')
    await stage.join('m', 3, 'range')
    await stage.sync(0, 1)
    expect(stage.told.at(-1)).toBe('assigned 0,1, retainable ')
  })

  test('nothing, where it was evicted and joins as another', async () => {
    const stage = await inGroup('cooperative-sticky')
    await stage.join('n', 2, 'cooperative-sticky', '')
    await stage.sync(0, 1)
    expect(stage.told).toEqual(['lost: the group had already gone on without this member', 'assigned 0,1, retainable '])
  })

  test.each([
    ['range', ''],
    ['cooperative-sticky', '0,1'],
  ])('%s: after a generation that was joined and had no assignment: "%s"', async (strategy, retainable) => {
    const stage = await inGroup(strategy)
    await stage.join('m', 2, strategy)
    await stage.join('m', 3, strategy)
    await stage.sync(0, 1)
    expect(stage.told.filter((line) => line === 'suspending')).toHaveLength(strategy === 'range' ? 1 : 0)
    expect(stage.told.at(-1)).toBe(`assigned 0,1, retainable ${retainable}`)
  })
})

test('an eager join waits for the drain, and commits count until then', async () => {
  const stage = await inGroup('range')
  const drained = Promise.withResolvers<void>()
  stage.suspended = drained.promise
  let hasJoined = false
  const joining = stage.join('m', 2, 'range').then(() => {
    hasJoined = true
  })
  await new Promise(setImmediate)
  expect(hasJoined).toBe(false)
  expect(await stage.commit(0, 1)).toBe('ok')
  expect(stage.commits.at(-1)).toMatchObject({ memberId: 'm', groupGenerationId: 1 })
  drained.resolve()
  await joining
})

test('heartbeats go on while a join waits for its drain; one that is refused is a loss, and the last', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const stage = await inGroup('range')
  const drained = Promise.withResolvers<void>()
  stage.suspended = drained.promise
  const joining = stage.join('m', 2, 'range')
  await vi.advanceTimersByTimeAsync(3_000)
  expect([stage.heartbeats, ...stage.told]).toEqual([3, 'suspending'])
  stage.heartbeatAnswer = () => Promise.reject(Object.assign(new Error('no'), { type: 'UNKNOWN_MEMBER_ID' }))
  await vi.advanceTimersByTimeAsync(3_000)
  expect([stage.heartbeats, ...stage.told]).toEqual([4, 'suspending', 'lost: the broker answered UNKNOWN_MEMBER_ID'])
  drained.resolve()
  await joining
})

test.each(['range', 'cooperative-sticky'])(
  '%s: nothing is handed over from the join to its assignment',
  async (strategy) => {
    const stage = await inGroup(strategy)
    await stage.join('m', 2, strategy)
    stage.handOver()
    await stage.sync(0, 1)
    expect(stage.told).not.toContain('batch to 3')
    stage.handOver()
    expect(stage.told.at(-1)).toBe('batch to 3')
  },
)

test('nothing is handed over after a loss', async () => {
  const stage = await inGroup('range')
  stage.session.lose('evicted')
  stage.handOver()
  expect(stage.told).toEqual(['lost: evicted'])
})

describe('what a cooperative assignment leaves out', () => {
  test('is drained under the new generation, then given up by another join', async () => {
    const stage = await inGroup('cooperative-sticky')
    await stage.join('m', 2, 'cooperative-sticky')
    await stage.sync(0)
    expect(stage.told).toEqual(['revoking 1', 'assigned 0, retainable 0'])
    expect(named(stage.session.claim.partitions)).toEqual([0])
    expect(await stage.commit(1, 1)).toBe('ok')
    expect(stage.commits.at(-1)).toMatchObject({ memberId: 'm', groupGenerationId: 2 })
    expect(stage.session.wantsRejoin).toBe(false)
    stage.drained.get('1')?.resolve()
    await new Promise(setImmediate)
    expect(stage.session.wantsRejoin).toBe(true)
    expect(await stage.commit(1, 1)).toBe('fenced')
    await stage.join('m', 3, 'cooperative-sticky')
    expect(stage.session.wantsRejoin).toBe(false)
  })

  test('is waited for before the next join, whoever asks for that', async () => {
    const stage = await inGroup('cooperative-sticky')
    await stage.join('m', 2, 'cooperative-sticky')
    await stage.sync(0)
    let hasJoined = false
    const joining = stage.join('m', 3, 'cooperative-sticky').then(() => {
      hasJoined = true
    })
    await new Promise(setImmediate)
    expect(hasJoined).toBe(false)
    stage.drained.get('1')?.resolve()
    await joining
    expect(stage.session.wantsRejoin).toBe(false)
  })

  test('is gone where the group turned back to an eager strategy', async () => {
    const stage = await inGroup('cooperative-sticky')
    await stage.join('m', 2, 'range')
    await stage.sync(0)
    expect(stage.told).toEqual(['assigned 0, retainable 0'])
    expect(await stage.commit(1, 1)).toBe('fenced')
  })
})

describe('a commit', () => {
  test('waits for the join under way, and goes with the new identity', async () => {
    const stage = await inGroup('cooperative-sticky')
    await stage.join('m', 2, 'cooperative-sticky')
    const committing = stage.commit(0, 1)
    await new Promise(setImmediate)
    expect(stage.commits).toEqual([])
    await stage.sync(0, 1)
    expect(await committing).toBe('ok')
    expect(stage.commits).toMatchObject([{ memberId: 'm', groupGenerationId: 2 }])
  })

  test.each([
    [true, 'unknown'],
    [false, 'fenced'],
  ])('that is refused for its generation, overtaken by a join: %s, is %s', async (isOvertaken, status) => {
    const stage = await inGroup('cooperative-sticky')
    const answer = Promise.withResolvers<never>()
    stage.commitAnswer = () => answer.promise
    const committing = stage.commit(0, 1)
    await new Promise(setImmediate)
    if (isOvertaken) {
      await stage.join('m', 2, 'cooperative-sticky')
      await stage.sync(0, 1)
    }
    answer.reject(Object.assign(new Error('no'), { type: 'ILLEGAL_GENERATION' }))
    expect(await committing).toBe(status)
  })

  test('is refused when the member has left', async () => {
    const stage = await inGroup('range')
    stage.session.end()
    expect(await stage.commit(0, 1)).toBe('fenced')
    expect(stage.commits).toEqual([])
  })
})

test('what is claimed is what the last assignment gave, and nothing after a loss', async () => {
  const stage = await inGroup('sticky')
  expect(stage.session.claim).toMatchObject({ generationId: 1, partitions: [at(0), at(1)] })
  stage.session.lose('evicted')
  expect(stage.session.claim).toEqual({ partitions: [], generationId: -1 })
})
