import type { Assignment, CommitRequest, DriverContext, RecordBatch, TopicPartition } from '@holdfast/core'
import { encodeAssignment } from '../../src/assignors/consumer-protocol.ts'
import { Fetching } from '../../src/fetch/fetching.ts'
import { GroupSession } from '../../src/group/group-session.ts'
import { Membership } from '../../src/group/membership.ts'
import type { BrokerInternals, ClusterInternals } from '../../src/internals/cluster.ts'
import type { EachBatchPayload } from '../../src/internals/kafkajs.ts'
import { quietLogger } from '../support/quiet-logger.ts'

export const at = (partition: number): TopicPartition => ({ topic: 't', partition })
export const named = (partitions: readonly TopicPartition[]): number[] => partitions.map(({ partition }) => partition)

/** A coordinator whose answers the test gives, and what the core is told. */
export class Stage {
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
  /** What the next look-up of the coordinator waits for. */
  found: Promise<void> = Promise.resolve()
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
    const cluster = (): ClusterInternals =>
      ({
        fetchTopicsOffset: async () => [],
        findGroupCoordinator: () => this.found.then(() => this.#broker),
      }) as unknown as ClusterInternals
    const context = {
      groupId: 'g',
      autoOffsetReset: 'earliest',
      producesTo: [],
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

export async function inGroup(strategy: string): Promise<Stage> {
  const stage = new Stage()
  await stage.join('m', 1, strategy, '')
  await stage.sync(0, 1)
  stage.told.length = 0
  return stage
}
