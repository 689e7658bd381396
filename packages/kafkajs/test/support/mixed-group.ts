import type { PartitionAssignmentStrategy } from '@holdfast/core'
import type { JavaMembers } from '../assignors/java-members.ts'
import { RecordedConsumer } from './recorded-consumer.ts'
import type { TestCluster } from './test-cluster.ts'
import { until } from './until.ts'

const PARTITIONS = [0, 1, 2, 3, 4, 5]
/** Written at every look, in turn over the partitions. */
const AT_A_TIME = 2 * PARTITIONS.length

interface Member {
  readonly owned: readonly number[]
  readonly handled: readonly string[]
}

/** Java and holdfast members in one group; while it is waited for them, records are written. */
export class MixedGroup implements AsyncDisposable {
  readonly topic: string
  readonly #cluster: TestCluster
  readonly #java: JavaMembers
  readonly #ours = new Map<string, RecordedConsumer>()
  readonly #theirs = new Set<string>()
  readonly #present = new Set<string>()
  #written = 0

  private constructor(cluster: TestCluster, java: JavaMembers, topic: string) {
    this.#cluster = cluster
    this.#java = java
    this.topic = topic
  }

  static async create(cluster: TestCluster, java: JavaMembers): Promise<MixedGroup> {
    return new MixedGroup(cluster, java, await cluster.createTopic(PARTITIONS.length))
  }

  get ours(): readonly RecordedConsumer[] {
    return [...this.#ours.values()]
  }

  /** `partition@offset` of all that was written. */
  get written(): string[] {
    return Array.from({ length: this.#written }, (_, index) => {
      const { length } = PARTITIONS
      return `${index % length}@${Math.floor(index / length)}`
    }).sort()
  }

  /** `partition@offset` of all that any member handled, as often as it was. */
  get handled(): string[] {
    return [...this.#ours.keys(), ...this.#theirs].flatMap((name) => this.#look(name).handled).sort()
  }

  joinOurs(name: string, partitionAssignmentStrategy: readonly PartitionAssignmentStrategy[]): RecordedConsumer {
    const options = { groupId: this.topic, partitionAssignmentStrategy }
    const member = new RecordedConsumer(this.#cluster.brokers, this.topic, options, { clientId: name, handlerMs: 3 })
    this.#ours.set(name, member)
    this.#present.add(name)
    return member
  }

  joinTheirs(name: string, partitionAssignmentStrategy: readonly PartitionAssignmentStrategy[]): void {
    this.#java.join(this.topic, name, this.topic, ...partitionAssignmentStrategy)
    this.#theirs.add(name)
    this.#present.add(name)
  }

  leave(name: string): void {
    this.#present.delete(name)
    if (this.#theirs.has(name)) this.#java.leave(this.topic, name)
    else void this.#ours.get(name)?.consumer.stop()
  }

  /** Writes until every partition has one owner, with the same number each, and everybody has handled something since. */
  async untilAllWork(): Promise<void> {
    const members = [...this.#present]
    const shares = await this.#writeUntil(
      `equal shares of ${members}`,
      () => members.map((name) => this.#look(name).owned),
      (seen) =>
        seen.every(({ length }) => length === PARTITIONS.length / members.length) &&
        seen.flat().toSorted().join() === PARTITIONS.join(),
    )
    const counts = (): number[] => members.map((name) => this.#look(name).handled.length)
    const before = counts()
    await this.#writeUntil(
      `progress of ${members} with ${JSON.stringify(shares)}`,
      () => counts().map((count, index) => count - (before[index] as number)),
      (seen) => seen.every((count) => count > 0),
    )
  }

  async untilAllCommitted(): Promise<void> {
    const end = this.#written / PARTITIONS.length
    await until(
      'commits of all that was written',
      () => this.#cluster.committed(this.topic, this.topic),
      (offsets) => offsets.every((offset) => offset === end),
    )
  }

  /** The strategy that the group has chosen, once it is stable with as many members as are here. */
  async untilStable(): Promise<string | undefined> {
    const group = await until(
      `a stable group of ${this.#present.size}`,
      async () => (await this.#cluster.admin.describeGroups([this.topic])).groups[0],
      (seen) => seen?.state === 'Stable' && seen.members.length === this.#present.size,
    )
    return group?.protocol
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#theirs) if (this.#present.has(name)) this.leave(name)
    await Promise.all(this.ours.map((member) => member[Symbol.asyncDispose]()))
  }

  #look(name: string): Member {
    const ours = this.#ours.get(name)
    if (ours === undefined) return this.#java.view(this.topic, name)
    const partitions = ours.joins.at(-1)?.partitions ?? []
    return { owned: partitions.map(({ partition }) => partition), handled: ours.handled }
  }

  #writeUntil<T>(what: string, look: () => T, holds: (seen: T) => boolean): Promise<T> {
    return until(
      what,
      async () => {
        await this.#cluster.produceNumbers(this.topic, AT_A_TIME, PARTITIONS.length, this.#written)
        this.#written += AT_A_TIME
        return look()
      },
      holds,
      15_000,
    )
  }
}
