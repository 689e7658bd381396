import {
  type ConsumerRecord,
  type DriverContext,
  type DriverFactory,
  HoldfastError,
  type TopicPartition,
} from '@holdfast/core'
import type { Damage } from './fake-driver/damaged-ranges.ts'
import { type CommitFault, CommitFaults, type CommitSeen } from './fake-driver/fake-commits.ts'
import { FakeGroup } from './fake-driver/fake-group.ts'
import type { FakeRecord } from './fake-driver/fake-log.ts'
import { FakeLogs } from './fake-driver/fake-logs.ts'
import { FakeMember } from './fake-driver/fake-member.ts'
import {
  FakeTransactions,
  type OutputRefusal,
  type TransactionFault,
  type TransactionSeen,
} from './fake-driver/fake-transactions.ts'
import type { FetchFaults } from './fake-driver/fetch-faults.ts'
import { partitionFor } from './fake-driver/partitioner.ts'
import { ProduceFaults } from './fake-driver/produce-faults.ts'

export type { Damage } from './fake-driver/damaged-ranges.ts'
export type { CommitFault, CommitSeen } from './fake-driver/fake-commits.ts'
export type { FakeRecord } from './fake-driver/fake-log.ts'
export type {
  OutputRefusal,
  TransactionFault,
  TransactionSeen,
  TransactionStep,
} from './fake-driver/fake-transactions.ts'
export type { FetchFaults } from './fake-driver/fetch-faults.ts'

/** Options of `driver` of a fake broker. */
export interface FakeDriverOptions {
  /** Records of one partition in one batch. @default 100 */
  readonly maxBatchRecords?: number
  readonly fetchFaults?: FetchFaults
}

/** Which client is meant, in the order in which they started; without it, the first. */
export interface MemberChoice {
  readonly groupId?: string
  readonly member?: number
}

/** A broker inside this process: topics, groups with generations and fencing, and faults on demand. */
export class FakeBroker {
  readonly #logs = new FakeLogs()
  readonly #groups = new Map<string, FakeGroup>()
  readonly #clients = new Map<string, FakeMember[]>()
  readonly #commitFaults = new CommitFaults()
  readonly #produceFaults = new ProduceFaults()
  readonly #transactions = new FakeTransactions()
  readonly #lookFaults = new ProduceFaults()
  readonly #listeners = new Set<(commit: CommitSeen) => void>()
  #memberCount = 0

  /** A driver for one consumer, or for several of the same or other groups. */
  driver({ maxBatchRecords = 100, fetchFaults = {} }: FakeDriverOptions = {}): DriverFactory {
    return {
      name: 'fake driver',
      hasTransactions: true,
      describe: () => 'in this process',
      create: (context: DriverContext) => {
        const { groupId } = context
        return new FakeMember(context, {
          logs: this.#logs,
          group: this.#group(groupId),
          commitFaults: this.#commitFaults,
          produceFaults: this.#produceFaults,
          transactions: this.#transactions,
          lookFaults: this.#lookFaults,
          append: (record) => void this.produce(record.topic, record),
          maxBatchRecords,
          fetchFaults,
          nextMemberId: () => this.#nextMemberId(),
          started: (member) => this.#clientsOf(groupId).push(member),
          ended: (member) =>
            this.#clients.set(
              groupId,
              this.#clientsOf(groupId).filter((known) => known !== member),
            ),
        })
      },
    }
  }

  createTopic(topic: string, partitions = 1, firstOffset = 0): void {
    this.#logs.create(topic, partitions, firstOffset)
  }

  /** Appends one record or several; answers their offsets. */
  produce(topic: string, records: FakeRecord | readonly FakeRecord[]): number[] {
    const logs = this.#logs.ofTopic(topic)
    const list = Array.isArray(records) ? (records as readonly FakeRecord[]) : [records as FakeRecord]
    const offsets = list.map((record) => this.#logs.at({ topic, partition: partitionFor(record, logs) }).append(record))
    this.#logs.changed()
    return offsets
  }

  /** Appends offsets that are never delivered: control records, aborted ones. */
  produceUndeliverable(topic: string, partition: number, count = 1): void {
    this.#logs.at({ topic, partition }).appendUndeliverable(count)
    this.#logs.changed()
  }

  compact(topic: string, partition: number, offsets: Iterable<number>): void {
    this.#logs.at({ topic, partition }).remove(offsets)
  }

  /** Offsets that no client can decode. */
  damage(topic: string, partition: number, damage: Damage): void {
    this.#logs.at({ topic, partition }).damage(damage)
  }

  truncateBefore(topic: string, partition: number, offset: number): void {
    this.#logs.at({ topic, partition }).truncateBefore(offset)
    this.#logs.changed()
  }

  recreateTopic(topic: string): void {
    for (const log of this.#logs.ofTopic(topic)) log.recreate()
    this.#logs.changed()
  }

  /** What a topic holds, partition after partition. */
  records(topic: string): readonly ConsumerRecord[] {
    return this.#logs.ofTopic(topic).flatMap((log) => log.records)
  }

  /** The next produce requests of consumers fail with this error. */
  failProduces(error: HoldfastError, times = 1): void {
    this.#produceFaults.fail(error, times)
  }

  /** The next questions of consumers how far their group is in partitions of others get this error. */
  failLooks(error: HoldfastError, times = 1): void {
    this.#lookFaults.fail(error, times)
  }

  /** Produce requests of consumers wait until what this answers is called. */
  holdProduces(): () => void {
    return this.#produceFaults.answers.begin()
  }

  /** The next transactions get no answer at a step; what they wrote is gone unless `stored`. */
  failTransactions(fault: TransactionFault): void {
    this.#transactions.fail(fault)
  }

  /** The topic takes no outputs of transactions, or none that are too large, until it is told to without a refusal. */
  refuseOutputs(topic: string, refusal?: OutputRefusal): void {
    this.#transactions.refuse(topic, refusal)
  }

  /** Transactions wait until what this answers is called. */
  holdTransactions(): () => void {
    return this.#transactions.answers.begin()
  }

  /** Another process claims a transactional id. */
  claimTransactionalId(transactionalId: string): void {
    this.#transactions.claim(transactionalId, {})
  }

  /** Every transaction that reached the broker. */
  get transactions(): readonly TransactionSeen[] {
    return this.#transactions.seen
  }

  /** The offsets that hold a record. */
  offsets(topic: string, partition: number): readonly number[] {
    return this.#logs.at({ topic, partition }).offsets
  }

  logEnd(topic: string, partition: number): number {
    return this.#logs.at({ topic, partition }).end
  }

  /** −1 where the group has none. */
  committed(topic: string, partition: number, groupId: string = this.#onlyGroup()): number {
    return this.#group(groupId).committed({ topic, partition }).offset
  }

  /** The text that was committed with the offset. */
  committedMetadata(topic: string, partition: number, groupId: string = this.#onlyGroup()): string {
    return this.#group(groupId).committed({ topic, partition }).metadata
  }

  setCommitted(topic: string, partition: number, offset: number, groupId: string, metadata = ''): void {
    this.#group(groupId).setCommitted({ topic, partition }, { offset, metadata })
  }

  /** Is called for each offset of each commit that reaches the broker, stored or not. */
  onCommit(listener: (commit: CommitSeen) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** What the clients of a group own, in the order in which they started. */
  assignments(groupId: string = this.#onlyGroup()): readonly (readonly TopicPartition[])[] {
    return this.#clientsOf(groupId).map((client) => client.owned)
  }

  generationId(groupId: string = this.#onlyGroup()): number {
    return this.#group(groupId).generationId
  }

  /** A new generation with the members there are; resolves when it is in force. */
  rebalance(groupId: string = this.#onlyGroup()): Promise<void> {
    return this.#group(groupId).rebalance()
  }

  /** The coordinator throws a client out, and tells it; it joins anew. */
  lose(choice: MemberChoice = {}, reason = 'the session timed out'): void {
    this.#client(choice).expel(reason, true)
  }

  /** As `lose`, but the client finds out by its next commit: until then it is a zombie. */
  expire(choice: MemberChoice = {}): void {
    this.#client(choice).expel('the session timed out', false)
  }

  /** The client library ends itself, or starts anew. */
  crash(choice: MemberChoice & { readonly willRestart?: boolean; readonly error?: HoldfastError } = {}): void {
    const error = choice.error ?? new HoldfastError('HF_DRIVER_CRASHED', 'the fake driver was told to crash.')
    this.#client(choice).crash(error, choice.willRestart ?? false)
  }

  /** The client's process ends: its consumer hears nothing more, and its commits get no answer. */
  kill(choice: MemberChoice = {}): void {
    this.#client(choice).kill()
  }

  /** The next commit requests get no answer. */
  failCommits(fault: CommitFault = {}): void {
    this.#commitFaults.fail(fault)
  }

  /** Commit requests wait until what this answers is called. */
  holdCommits(): () => void {
    return this.#commitFaults.answers.begin()
  }

  #group(groupId: string): FakeGroup {
    const known = this.#groups.get(groupId)
    if (known !== undefined) return known
    const group = new FakeGroup(
      groupId,
      (topic) => this.#logs.ofTopic(topic).length,
      (commit) => {
        for (const listener of this.#listeners) listener(commit)
      },
    )
    this.#groups.set(groupId, group)
    return group
  }

  #client({ groupId = this.#onlyGroup(), member = 0 }: MemberChoice): FakeMember {
    const client = this.#clientsOf(groupId)[member]
    if (client === undefined) throw new TypeError(`the group ${groupId} has no client ${member}`)
    return client
  }

  #clientsOf(groupId: string): FakeMember[] {
    const known = this.#clients.get(groupId) ?? []
    this.#clients.set(groupId, known)
    return known
  }

  #onlyGroup(): string {
    const [first, second] = this.#groups.keys()
    if (first === undefined || second !== undefined) throw new TypeError('name the group: there is not exactly one')
    return first
  }

  #nextMemberId(): string {
    this.#memberCount += 1
    return `member-${String(this.#memberCount).padStart(4, '0')}`
  }
}

/** A broker in memory, without topics: its `driver()` is for `createConsumer`. */
export function fakeBroker(): FakeBroker {
  return new FakeBroker()
}
