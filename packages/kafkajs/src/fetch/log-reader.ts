import {
  type DriverLogs,
  HoldfastError,
  type PartitionStanding,
  partitionName,
  type RecordSource,
  type TopicPartition,
} from '@holdfast/core'
import { byTopic, indexOffsets, patiently } from '../group/start-offsets.ts'
import type { BrokerInternals, ClusterInternals, FetchResponse } from '../internals/cluster.ts'
import { aside } from '../internals/door.ts'
import type { KafkaMessage } from '../internals/kafkajs.ts'
import { KafkajsRecords } from './record.ts'

/** Up to the high watermark: what is acknowledged counts, whatever transaction is still open before it. */
const READ_UNCOMMITTED = 0
const LATEST = -1
const EARLIEST = -2
const READ_BYTES = 1_048_576
const READ_WAIT_MS = 500

export interface LogReaderPorts {
  readonly groupId: string
  cluster(): ClusterInternals
  translate(error: unknown): HoldfastError
}

type Answer = FetchResponse['responses'][number]['partitions'][number]
type Message = KafkaMessage & { readonly isControlRecord?: boolean }

/** Looks into partitions that other members may own, over the connections of the consumer. */
export class LogReader implements DriverLogs {
  readonly #ports: LogReaderPorts

  constructor(ports: LogReaderPorts) {
    this.#ports = ports
  }

  async standings(partitions: readonly TopicPartition[]): Promise<PartitionStanding[]> {
    // A broker refuses a request that names a partition twice.
    const asked = [...new Map(partitions.map((partition) => [partitionName(partition), partition])).values()]
    return this.#asking(async () => {
      const committed = await this.#committed(asked)
      const [starts, ends] = [await this.#offsets(asked, EARLIEST), await this.#offsets(asked, LATEST)]
      return partitions.map((partition) => {
        const name = partitionName(partition)
        return { settled: Math.max(committed.get(name) ?? -1, known(starts, partition)), end: known(ends, partition) }
      })
    })
  }

  async *read(partition: TopicPartition, from: number, to: number): AsyncIterable<RecordSource> {
    const { topic, partition: number } = partition
    for (let next = from; next < to; ) {
      const found = await this.#asking(() => this.#fetch(partition, next))
      const messages = (found?.messages ?? []) as readonly Message[]
      const end = endOf(found, partition)
      // With bytes left to read there is always a batch; without one compaction took the rest.
      if (end <= next) return
      const wanted = messages.filter(
        ({ offset, isControlRecord }) => Number(offset) >= next && Number(offset) < to && !isControlRecord,
      )
      next = end
      yield new KafkajsRecords(topic, number, wanted)
    }
  }

  async #committed(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
    const { groupId } = this.#ports
    const coordinator = await this.#ports.cluster().findGroupCoordinator({ groupId })
    const { responses } = await coordinator.offsetFetch({ groupId, topics: byTopic(partitions) })
    return indexOffsets(responses)
  }

  async #offsets(partitions: readonly TopicPartition[], timestamp: number): Promise<ReadonlyMap<string, number>> {
    const byLeader = Map.groupBy(partitions, (partition) => this.#leaderOf(partition))
    const answers = await Promise.all(
      [...byLeader].map(async ([leader, led]) => {
        const broker = await this.#broker(leader)
        const topics = byTopic(led).map(({ topic, partitions: list }) => ({
          topic,
          partitions: list.map((one) => ({ ...one, timestamp })),
        }))
        return indexOffsets((await broker.listOffsets({ isolationLevel: READ_UNCOMMITTED, topics })).responses)
      }),
    )
    return new Map(answers.flatMap((offsets) => [...offsets]))
  }

  async #fetch(partition: TopicPartition, from: number): Promise<Answer | undefined> {
    const { topic, partition: number } = partition
    const broker = await this.#broker(this.#leaderOf(partition))
    const request = aside({
      isolationLevel: READ_UNCOMMITTED,
      maxWaitTime: READ_WAIT_MS,
      minBytes: 1,
      maxBytes: READ_BYTES,
      topics: [{ topic, partitions: [{ partition: number, fetchOffset: String(from), maxBytes: READ_BYTES }] }],
    })
    const { responses } = await broker.fetch(request)
    return responses.flatMap(({ partitions }) => partitions)[0]
  }

  #broker(nodeId: number): Promise<BrokerInternals> {
    return this.#ports.cluster().findBroker({ nodeId })
  }

  /** @throws HF_PARTITION_MISSING */
  #leaderOf({ topic, partition }: TopicPartition): number {
    const found = this.#ports
      .cluster()
      .findTopicPartitionMetadata(topic)
      .find(({ partitionId }) => partitionId === partition)
    if (found !== undefined) return found.leader
    throw new HoldfastError(
      'HF_PARTITION_MISSING',
      `${partitionName({ topic, partition })} does not exist.\n  Fix: raise the number of partitions of ${topic}.`,
      { details: { topic, partition } },
    )
  }

  /** A leader that has moved, or a partition that is new, shows in metadata of now. */
  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await patiently(async () => {
        try {
          return await ask()
        } catch (error) {
          await this.#ports.cluster().refreshMetadata()
          throw error
        }
      })
    } catch (error) {
      throw error instanceof HoldfastError ? error : this.#ports.translate(error)
    }
  }
}

/**
 * Where the log goes on behind an answer; −1 where it holds nothing.
 * @throws HF_UNDECODABLE where nobody can say: what stands behind it must not be taken for nothing
 */
function endOf(answer: Answer | undefined, partition: TopicPartition): number {
  const last = answer?.messages.at(-1)
  if (last !== undefined) return Number(last.offset) + 1
  const { undecodable, endOffset = -1 } = answer ?? {}
  if (undecodable === undefined) return endOffset
  const { firstOffset, nextOffset, reason } = undecodable
  if (nextOffset !== undefined) return nextOffset
  throw new HoldfastError(
    'HF_UNDECODABLE',
    `${partitionName(partition)}@${firstOffset} cannot be decoded, nor where the log goes on behind it: ${reason.message}.`,
    { cause: reason, details: { ...partition, offset: firstOffset } },
  )
}

function known(offsets: ReadonlyMap<string, number>, partition: TopicPartition): number {
  const offset = offsets.get(partitionName(partition))
  if (offset !== undefined) return offset
  throw new HoldfastError('HF_PROTOCOL_FAULT', `the brokers say nothing of ${partitionName(partition)}.`, {
    details: { ...partition },
  })
}
