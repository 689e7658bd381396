import { HoldfastError, partitionOfKey } from '@holdfast/core'
import { type Message, type PartitionerArgs, Partitioners } from '../internals/kafkajs.ts'

/**
 * Where records go, by Kafka's default partitioner. A record that is sent again goes where it went before: kafkajs would
 * choose anew, and a broker that has the record would take the next one for its repetition, and drop it.
 */
export class Destinations {
  readonly #byDefault = Partitioners.DefaultPartitioner()
  readonly #chosen = new WeakMap<Message, number>()

  #partitions: number | undefined

  /** How many partitions the topic has; undefined before the first record. */
  get partitions(): number | undefined {
    return this.#partitions
  }

  readonly choose = (args: PartitionerArgs): number => {
    const { topic, message, partitionMetadata } = args
    this.#partitions = partitionMetadata.length
    const partition = this.#chosen.get(message) ?? this.#byKey(args) ?? this.#byDefault(args)
    if (!partitionMetadata.some(({ partitionId }) => partitionId === partition))
      throw partitionMissing(topic, partition)
    this.#chosen.set(message, partition)
    return partition
  }

  /** Undefined where the record names a partition, or has no key. */
  #byKey({ message: { key, partition }, partitionMetadata }: PartitionerArgs): number | undefined {
    if (!Buffer.isBuffer(key) || partition !== undefined) return undefined
    return partitionOfKey(key, partitionMetadata.length)
  }

  /** The first partition that records went to and that is not among those that have acknowledged. */
  missing(messages: readonly Message[], acknowledged: readonly number[]): number | undefined {
    return messages
      .map((message) => this.#chosen.get(message))
      .find((partition) => partition !== undefined && !acknowledged.includes(partition))
  }
}

/** kafkajs would drop the record without a word. */
function partitionMissing(topic: string, partition: number): HoldfastError {
  return new HoldfastError(
    'HF_PARTITION_MISSING',
    `${topic} has no partition ${partition}.\n  Fix: raise its number of partitions, or leave the partition out.`,
    { details: { topic, partition } },
  )
}
