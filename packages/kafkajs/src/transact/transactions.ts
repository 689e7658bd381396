import {
  type CommitRequest,
  type DriverContext,
  type MembershipAnswer,
  partitionName,
  type TopicPartition,
  type TransactionRequest,
  type TransactionResult,
} from '@holdfast/core'
import { committedOffset } from '../group/start-offsets.ts'
import type { ClusterInternals } from '../internals/cluster.ts'
import type { KafkajsConfig } from '../options.ts'
import { quiet } from '../quiet.ts'
import { RequestSizes } from './request-sizes.ts'
import { fenced } from './results.ts'
import { TransactionalId } from './transactional-id.ts'
import { TransactionalProducer } from './transactional-producer.ts'

export interface TransactionsPorts {
  readonly config: KafkajsConfig
  readonly context: DriverContext
  readonly prefix: string
  cluster(): ClusterInternals
  owns(request: CommitRequest): boolean
  /** Settles with a join that is under way. */
  joined(): Promise<void>
  confirm(): Promise<MembershipAnswer>
}

/** The transactional ids of the partitions that this member has. */
export class Transactions {
  readonly #ports: TransactionsPorts
  readonly #ids = new Map<string, TransactionalId>()
  readonly #sizes = new RequestSizes()

  constructor(ports: TransactionsPorts) {
    this.#ports = ports
  }

  /**
   * Claims the ids of an assignment, before it is read where its partitions start. Those of `kept` partitions, which nobody
   * else can have had, are ours already; one that is not settled is claimed anew, so that nothing moves its start later.
   */
  async claim(assigned: readonly TopicPartition[], kept: readonly TopicPartition[]): Promise<void> {
    const names = new Set([...assigned, ...kept].map(partitionName))
    for (const [name, id] of this.#ids) {
      if (names.has(name)) continue
      this.#ids.delete(name)
      void id.close()
    }
    const ours = new Set(kept.map(partitionName))
    await Promise.all(
      assigned.map(async (partition) => {
        const id = this.#idOf(partition)
        if (!ours.has(partitionName(partition)) || !(await id.isSettled())) await id.claim()
      }),
    )
  }

  /** What is sent while a join is under way waits for its end: before, the start of the partition may have been read. */
  async transact(request: TransactionRequest): Promise<TransactionResult> {
    await this.#ports.joined()
    const id = this.#ids.get(partitionName(request))
    return id === undefined ? fenced(request, 'its epoch is over') : id.transact(request)
  }

  /** The membership is over. */
  end(): void {
    for (const id of this.#ids.values()) id.end()
    this.#ids.clear()
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#ids.values()].map((id) => id.close()))
    this.#ids.clear()
  }

  #idOf(partition: TopicPartition): TransactionalId {
    const name = partitionName(partition)
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    const { config, context, prefix, cluster, owns, confirm } = this.#ports
    const { groupId } = context
    const logger = quiet(context.logger)
    // No topic has a slash in its name, so that none of another prefix makes the same id of it.
    const transactionalId = `${prefix}/${partition.topic}/${partition.partition}`
    const id = new TransactionalId(transactionalId, {
      groupId,
      owns,
      confirm,
      connect: () => new TransactionalProducer(transactionalId, config, this.#sizes, logger),
      committed: (request) => committedOffset(cluster(), groupId, request),
    })
    this.#ids.set(name, id)
    return id
  }
}
