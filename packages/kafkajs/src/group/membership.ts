import { type CommitRequest, type CommitResult, HoldfastError, partitionName } from '@holdfast/core'
import type { BrokerInternals, ClusterInternals, CommittedOffsets, Identity } from '../internals/cluster.ts'
import { errorType } from '../translate-error.ts'

/** Answers that mean: this identity is over. */
const FENCED_TYPES: readonly (string | undefined)[] = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID']

const OK: CommitResult = Object.freeze({ status: 'ok' })

/** What the coordinator says of this member, with its reason where that is final. */
export type HeartbeatAnswer =
  | { readonly answer: 'member' | 'unknown' }
  | { readonly answer: 'fenced'; readonly verdict: string }

export interface MembershipPorts {
  readonly groupId: string
  cluster(): ClusterInternals
  owns(request: CommitRequest): boolean
  /** The broker takes no text of this length; offsets are committed without. */
  metadataRefused(): void
}

/**
 * Who this process is in the group, and what it may commit.
 *
 * An identity is in force from the answer to SyncGroup until the next JoinGroup is sent. Commits carry it, so the broker
 * refuses what is late. What is to be committed while a join is under way waits for its end: sent behind the JoinGroup it
 * would hang for as long, and be refused then. The broker never checks who owns a partition: what this member does not own
 * under the epoch of the request never leaves.
 */
export class Membership {
  readonly #groupId: string
  readonly #cluster: () => ClusterInternals
  #current: Identity | undefined
  #joinUnderWay: PromiseWithResolvers<void> | undefined
  #coordinator: BrokerInternals | undefined
  readonly #owns: (request: CommitRequest) => boolean
  readonly #metadataRefused: () => void
  /** False once the broker has refused a text as too long: an offset must never wait for what goes with it. */
  #carriesMetadata = true

  constructor({ groupId, cluster, owns, metadataRefused }: MembershipPorts) {
    this.#groupId = groupId
    this.#cluster = cluster
    this.#owns = owns
    this.#metadataRefused = metadataRefused
  }

  get current(): Identity | undefined {
    return this.#current
  }

  get isJoining(): boolean {
    return this.#joinUnderWay !== undefined
  }

  /** A JoinGroup is about to be sent. */
  beginJoin(): void {
    this.#joinUnderWay ??= Promise.withResolvers()
  }

  enter(identity: Identity): void {
    this.#current = identity
    this.#endJoin()
  }

  /** The group was left, or has gone on without this member. */
  leave(): void {
    this.#current = undefined
    this.#endJoin()
  }

  /** Settles with a join that is under way. */
  async joined(): Promise<void> {
    await this.#joinUnderWay?.promise
  }

  useCoordinator(coordinator: BrokerInternals): void {
    this.#coordinator = coordinator
  }

  /** Keeps the session alive, and answers whether the coordinator still counts this member in. */
  async heartbeat(): Promise<HeartbeatAnswer> {
    const identity = this.#current
    if (identity === undefined) return { answer: 'unknown' }
    const { memberId, generationId } = identity
    try {
      this.#coordinator ??= await this.#cluster().findGroupCoordinator({ groupId: this.#groupId })
      await this.#coordinator.heartbeat({ groupId: this.#groupId, groupGenerationId: generationId, memberId })
      return { answer: 'member' }
    } catch (error) {
      const type = errorType(error)
      if (type === 'REBALANCE_IN_PROGRESS') return { answer: 'member' }
      if (type !== undefined && FENCED_TYPES.includes(type) && this.#current === identity)
        return { answer: 'fenced', verdict: type }
      this.#coordinator = undefined
      return { answer: 'unknown' }
    }
  }

  /** As `heartbeat`, after a join that is under way. */
  async confirm(): Promise<HeartbeatAnswer> {
    await this.#joinUnderWay?.promise
    return this.#current === undefined ? { answer: 'fenced', verdict: 'that this is not a member' } : this.heartbeat()
  }

  async commit(requests: readonly CommitRequest[]): Promise<CommitResult[]> {
    await this.#joinUnderWay?.promise
    const valid = this.#current === undefined ? [] : requests.filter(this.#owns)
    const result = valid.length === 0 ? OK : await this.#send(valid)
    return requests.map((request) => (valid.includes(request) ? result : fenced(request, 'its epoch is over')))
  }

  async #send(requests: readonly CommitRequest[]): Promise<CommitResult> {
    const identity = this.#current as Identity
    try {
      await this.#request(requests, identity).catch((error: unknown) => {
        if (errorType(error) !== 'OFFSET_METADATA_TOO_LARGE' || !this.#carriesMetadata) throw error
        this.#carriesMetadata = false
        this.#metadataRefused()
        return this.#request(requests, identity)
      })
      return OK
    } catch (error) {
      const type = errorType(error)
      const isOvertaken = this.#current !== undefined && this.#current !== identity
      if (FENCED_TYPES.includes(type) && !isOvertaken)
        return fenced(requests[0] as CommitRequest, `the broker answered ${type}`, error)
      this.#coordinator = undefined
      return unknown(requests[0] as CommitRequest, error)
    }
  }

  #endJoin(): void {
    this.#joinUnderWay?.resolve()
    this.#joinUnderWay = undefined
  }

  async #request(requests: readonly CommitRequest[], { memberId, generationId }: Identity): Promise<void> {
    this.#coordinator ??= await this.#cluster().findGroupCoordinator({ groupId: this.#groupId })
    if (this.#joinUnderWay !== undefined) throw new Error('the member began to join again before it was sent')
    await this.#coordinator.offsetCommit({
      groupId: this.#groupId,
      groupGenerationId: generationId,
      memberId,
      topics: toTopics(requests, this.#carriesMetadata),
    })
  }
}

function fenced(request: CommitRequest, reason: string, cause?: unknown): CommitResult {
  const { topic, partition, offset, epoch } = request
  const error = new HoldfastError(
    'HF_COMMIT_FENCED',
    `the commit of ${partitionName(request)}@${offset} under epoch ${epoch} was refused: ${reason}.`,
    { cause, details: { topic, partition, offset, epoch } },
  )
  return { status: 'fenced', error }
}

function unknown(request: CommitRequest, cause: unknown): CommitResult {
  const { topic, partition, offset } = request
  const reason = cause instanceof Error ? cause.message : String(cause)
  const error = new HoldfastError(
    'HF_COMMIT_UNKNOWN',
    `the commit of ${partitionName(request)}@${offset} got no answer: ${reason}.`,
    { cause, details: { topic, partition, offset } },
  )
  return { status: 'unknown', error }
}

function toTopics(requests: readonly CommitRequest[], withMetadata: boolean): CommittedOffsets[] {
  return [...Map.groupBy(requests, ({ topic }) => topic)].map(([topic, list]) => ({
    topic,
    partitions: list.map(({ partition, offset, metadata = '' }) => ({
      partition,
      offset: String(offset),
      metadata: withMetadata ? metadata : '',
    })),
  }))
}
