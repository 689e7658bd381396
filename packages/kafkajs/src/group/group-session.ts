import type { AssignedPartition, DriverContext, MembershipAnswer, TopicPartition } from '@holdfast/core'
import { partitionName } from '@holdfast/core'
import { ASSIGNORS, type AssignorName } from '../assignors/assignors.ts'
import type { Fetching } from '../fetch/fetching.ts'
import type { BrokerInternals, ClusterInternals, Identity } from '../internals/cluster.ts'
import { AssignerProtocol } from '../internals/kafkajs.ts'
import { type Claim, NO_CLAIM } from './claim.ts'
import type { HeartbeatAnswer, Membership } from './membership.ts'
import { findStartOffsets } from './start-offsets.ts'

export interface GroupSessionPorts {
  readonly context: DriverContext
  readonly membership: Membership
  readonly fetching: Fetching
  /** What commits outputs with offsets, if anything does. */
  readonly transactions?: {
    claim(assigned: readonly TopicPartition[], kept: readonly TopicPartition[]): Promise<void>
    end(): void
  }
  cluster(): ClusterInternals
}

/**
 * A member's way through rebalances.
 *
 * - Under an eager strategy every partition is drained before JoinGroup is sent; what comes back with the very next
 *   generation goes on, since nobody else can have had it.
 * - Under a cooperative one (KIP-429) the join is sent while everything runs. What the answer leaves out is drained under
 *   the new generation, in which nobody else gets it; then this member joins again without it.
 * - Which of the two: what the group chose for the generation in force. A group that goes back to an eager strategy takes
 *   partitions in use away; they are lost then.
 */
export class GroupSession {
  readonly #ports: GroupSessionPorts
  #joining: Identity | undefined
  #starts: readonly AssignedPartition[] = []
  #claim: Claim = NO_CLAIM
  /** Whether what was owned before the join may be owned still: nobody else can have had it in between. */
  #isContinuous = false
  #revoking: Promise<void> | undefined
  #wantsRejoin = false
  #drains = 0

  constructor(ports: GroupSessionPorts) {
    this.#ports = ports
  }

  get claim(): Claim {
    return this.#claim
  }

  /** Whether a join is under way, or held back by a drain: kafkajs fetches nothing meanwhile. */
  get isJoining(): boolean {
    return this.#drains > 0 || this.#ports.membership.isJoining
  }

  /** Whether to join again, until that begins. */
  get wantsRejoin(): boolean {
    return this.#wantsRejoin
  }

  /** Runs before every JoinGroup, and again when one is repeated. */
  async beforeJoin(broker: BrokerInternals, memberId: string): Promise<void> {
    const { membership, fetching } = this.#ports
    const { current } = membership
    membership.useCoordinator(broker)
    if (current !== undefined && current.memberId !== memberId) {
      this.lose('the group had already gone on without this member')
    } else if (current !== undefined && this.#joining === undefined) {
      await this.#drain(isCooperative(current) ? this.#revoking : this.#suspend())
    }
    this.#wantsRejoin = false
    fetching.halt()
    membership.beginJoin()
  }

  /** The answer to JoinGroup. One that is not followed by an assignment breaks what an eager drain was for. */
  joined(identity: Identity): void {
    const { current } = this.#ports.membership
    const isRepeated = this.#joining !== undefined
    this.#isContinuous =
      current?.memberId === identity.memberId &&
      (isRepeated
        ? this.#isContinuous && isCooperative(current) && isCooperative(identity)
        : identity.generationId === current.generationId + 1)
    this.#joining = identity
  }

  async synced(broker: BrokerInternals, memberAssignment: Buffer): Promise<void> {
    const { context, cluster, membership } = this.#ports
    const assignment = AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {}
    const partitions = Object.entries(assignment).flatMap(([topic, list]) =>
      list.map((partition) => ({ topic, partition })),
    )
    // In this order: afterwards nothing that an earlier owner has begun can move the offsets that are read.
    await this.#ports.transactions?.claim(partitions, this.#isContinuous ? this.#ports.fetching.owned : [])
    const starts = await findStartOffsets(cluster(), broker, context.groupId, partitions, context)
    this.#starts = (await context.startsAt?.(starts)) ?? starts
    membership.useCoordinator(broker)
  }

  /** kafkajs's GROUP_JOIN: synchronous, and before the first fetch of the new assignment. */
  assigned(): void {
    const identity = this.#joining
    if (identity === undefined) return
    const { membership, fetching, context } = this.#ports
    this.#joining = undefined
    membership.enter(identity)
    const starts = this.#starts
    const retainable = this.#isContinuous ? common(fetching.owned, starts) : []
    const ended = without(fetching.owned, retainable)
    const toGiveUp = isCooperative(identity) && this.#isContinuous ? ended : []
    fetching.forget(without(ended, toGiveUp))
    this.#giveUp(toGiveUp, identity)
    const { memberId, generationId } = identity
    const { epoch, retained } = context.sink.assigned({ partitions: starts, retainable, memberId, generationId })
    fetching.begin(epoch, without(starts, retained))
    this.#claim = { partitions: starts, generationId }
  }

  /** Whether the group still counts this member in; if not, all is lost. */
  async confirm(): Promise<MembershipAnswer> {
    const heard = await this.#ports.membership.confirm()
    if (this.#ports.membership.current !== undefined) this.#heed(heard)
    return heard.answer
  }

  /** Gives up what nothing runs for any more; the group assigns it anew. */
  release(partitions: readonly TopicPartition[]): void {
    this.#ports.fetching.forget(partitions)
    this.#claim = { ...this.#claim, partitions: without(this.#claim.partitions, partitions) }
    this.#wantsRejoin = true
  }

  /** Ownership of everything has ended without notice. */
  lose(reason: string): void {
    this.end()
    this.#ports.context.sink.lost(reason)
  }

  end(): void {
    this.#joining = undefined
    this.#claim = NO_CLAIM
    this.#wantsRejoin = false
    this.#ports.membership.leave()
    this.#ports.transactions?.end()
    this.#ports.fetching.end()
  }

  /** These are still ours in this generation, and nobody's in the next. */
  #giveUp(partitions: readonly TopicPartition[], identity: Identity): void {
    if (partitions.length === 0) return
    const { fetching, membership, context } = this.#ports
    this.#revoking = context.sink.revoking(partitions).then(() => {
      if (membership.current !== identity) return
      fetching.forget(partitions)
      this.#wantsRejoin = true
    })
  }

  #heed(heard: HeartbeatAnswer): void {
    if (heard.answer === 'fenced') this.lose(`the broker answered ${heard.verdict}`)
  }

  /**
   * Nothing is handed over from now on: the core takes nothing while it drains, and the position of a partition that is
   * retained would have moved past it. kafkajs can join from inside the fetch of one broker, and fetch from others meanwhile.
   */
  #suspend(): Promise<void> {
    this.#ports.fetching.halt()
    return this.#ports.context.sink.suspending()
  }

  /** Heartbeats go on while the core drains; the group waits for us as long as they do. */
  async #drain(drained: Promise<void> | undefined): Promise<void> {
    if (drained === undefined) return
    this.#drains += 1
    const pump = setInterval(
      async () => this.#heed(await this.#ports.membership.heartbeat()),
      this.#ports.context.heartbeatIntervalMs,
    )
    try {
      await drained
    } finally {
      clearInterval(pump)
      this.#drains -= 1
    }
  }
}

function isCooperative({ groupProtocol }: Identity): boolean {
  return ASSIGNORS[groupProtocol as AssignorName]?.protocol === 'cooperative'
}

function common(partitions: readonly TopicPartition[], others: readonly TopicPartition[]): TopicPartition[] {
  const names = new Set(others.map(partitionName))
  return partitions.filter((partition) => names.has(partitionName(partition)))
}

function without<T extends TopicPartition>(partitions: readonly T[], others: readonly TopicPartition[]): T[] {
  const names = new Set(others.map(partitionName))
  return partitions.filter((partition) => !names.has(partitionName(partition)))
}
