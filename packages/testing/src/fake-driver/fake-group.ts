import { setImmediate as nextTurn } from 'node:timers/promises'
import { type CommitRequest, partitionName, type TopicPartition } from '@holdfast/core'
import type { CommitSeen } from './fake-commits.ts'
import { assignRange } from './range.ts'

export interface StoredOffset {
  /** −1 where the group has none. */
  readonly offset: number
  readonly metadata: string
}

/** The strategy under which a partition stays with its member until that has given it up. */
export const COOPERATIVE = 'cooperative-sticky'

const NO_OFFSET: StoredOffset = Object.freeze({ offset: -1, metadata: '' })

/** What the coordinator asks of a member. */
export interface GroupMember {
  readonly memberId: string
  readonly topics: readonly string[]
  readonly strategies: readonly string[]
  readonly owned: readonly TopicPartition[]
  /** Settles when the member has joined the coming generation; its commits count until then. */
  prepare(): Promise<void>
  /** Whether somebody else says where its partitions begin; it is asked before they are adopted. */
  readonly asksStarts: boolean
  askStarts(partitions: readonly TopicPartition[]): Promise<void>
  adopt(generationId: number, partitions: readonly TopicPartition[], strategy: string): void
}

/**
 * The coordinator of one group. A rebalance asks every member to prepare, waits for all of them, and then hands out the
 * next generation in one step; a member that has prepared commits nothing more under the old one. Whoever joins or
 * leaves while it waits is taken into account.
 */
export class FakeGroup {
  readonly groupId: string
  readonly #partitionsOf: (topic: string) => number
  readonly #members = new Map<string, GroupMember>()
  readonly #offsets = new Map<string, StoredOffset>()
  readonly #onCommit: (commit: CommitSeen) => void
  #generationId = 0
  /** The members, by id, that have prepared for the coming generation. */
  #prepared: ReadonlySet<string> = new Set()
  #rebalancing: Promise<void> | undefined
  #changed: PromiseWithResolvers<void> = Promise.withResolvers<void>()

  constructor(groupId: string, partitionsOf: (topic: string) => number, onCommit: (commit: CommitSeen) => void) {
    this.groupId = groupId
    this.#partitionsOf = partitionsOf
    this.#onCommit = onCommit
  }

  get generationId(): number {
    return this.#generationId
  }

  get members(): readonly GroupMember[] {
    return [...this.#members.values()]
  }

  committed(partition: TopicPartition): StoredOffset {
    return this.#offsets.get(partitionName(partition)) ?? NO_OFFSET
  }

  setCommitted(partition: TopicPartition, stored: StoredOffset): void {
    this.#offsets.set(partitionName(partition), stored)
  }

  join(member: GroupMember): Promise<void> {
    this.#members.set(member.memberId, member)
    return this.rebalance()
  }

  /** False where it was no member. */
  leave(member: GroupMember): boolean {
    if (!this.#members.delete(member.memberId)) return false
    this.#changed.resolve()
    void this.rebalance()
    return true
  }

  rebalance(): Promise<void> {
    this.#changed.resolve()
    this.#rebalancing ??= this.#rebalance()
    return this.#rebalancing
  }

  /** The broker checks member and generation, and nothing else: not even who owns the partition. */
  accepts(memberId: string, generationId: number): boolean {
    return this.#members.has(memberId) && !this.#prepared.has(memberId) && generationId === this.#generationId
  }

  store(memberId: string, generationId: number, request: CommitRequest, stored: boolean): void {
    const { topic, partition, epoch, offset, metadata = '' } = request
    if (stored) this.#offsets.set(partitionName(request), { offset, metadata })
    this.#onCommit({ topic, partition, epoch, offset, metadata, groupId: this.groupId, memberId, generationId, stored })
  }

  async #rebalance(): Promise<void> {
    await nextTurn()
    await this.#allPrepared()
    this.#prepared = new Set()
    this.#rebalancing = undefined
    this.#generationId += 1
    const members = this.members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))
    const strategy = commonStrategy(members)
    const target = assignRange(members, this.#partitionsOf)
    const assignment = strategy === COOPERATIVE ? withheld(target, members) : target
    const generationId = this.#generationId
    const assigned = (member: GroupMember): readonly TopicPartition[] => assignment.get(member.memberId) ?? []
    for (const member of members) if (member.asksStarts) await member.askStarts(assigned(member))
    for (const member of members) member.adopt(generationId, assigned(member), strategy)
  }

  /** A set of its own: what an earlier round is still waiting for says nothing in this one. */
  async #allPrepared(): Promise<void> {
    const prepared = new Set<string>()
    this.#prepared = prepared
    const asked = new Map<string, Promise<void>>()
    const waiting = (): GroupMember[] => this.members.filter(({ memberId }) => !prepared.has(memberId))
    while (waiting().length > 0) {
      this.#changed = Promise.withResolvers<void>()
      for (const member of waiting()) {
        const { memberId } = member
        if (!asked.has(memberId))
          asked.set(
            memberId,
            member.prepare().then(() => void prepared.add(memberId)),
          )
      }
      await Promise.race([Promise.all(waiting().map(({ memberId }) => asked.get(memberId))), this.#changed.promise])
    }
  }
}

/** The first that all members have; without one in common the broker would refuse the last to join. */
function commonStrategy(members: readonly GroupMember[]): string {
  const [first] = members
  return first?.strategies.find((name) => members.every(({ strategies }) => strategies.includes(name))) ?? 'range'
}

/** Leaves out what another member has not given up yet. */
function withheld(
  target: ReadonlyMap<string, readonly TopicPartition[]>,
  members: readonly GroupMember[],
): ReadonlyMap<string, readonly TopicPartition[]> {
  const owners = new Map(members.flatMap(({ memberId, owned }) => owned.map((one) => [partitionName(one), memberId])))
  return new Map(
    [...target].map(([memberId, partitions]) => [
      memberId,
      partitions.filter((one) => (owners.get(partitionName(one)) ?? memberId) === memberId),
    ]),
  )
}
