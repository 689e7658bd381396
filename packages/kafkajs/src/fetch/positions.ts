import { type AssignedPartition, parseOffset, partitionName, type TopicPartition } from '@holdfast/core'
import type { FetchRequest, FetchResponse } from '../internals/cluster.ts'

type Message = FetchResponse['responses'][number]['partitions'][number]['messages'][number]

interface Position {
  readonly topic: string
  readonly partition: number
  epoch: number
  /** The next offset to hand over. */
  next: number
}

export interface Advance extends TopicPartition {
  readonly epoch: number
  readonly nextOffset: number
}

/**
 * Where each assigned partition is to be read next. The position is ours: every fetch request is set to it, and a batch
 * counts only if it starts there. kafkajs keeps positions too, but its seeks outlive assignments, batches of an old
 * generation move them in a new one, and an out-of-range answer resets them without a word.
 */
export class Positions {
  readonly #byName = new Map<string, Position>()

  get all(): readonly TopicPartition[] {
    return [...this.#byName.values()].map(({ topic, partition }) => ({ topic, partition }))
  }

  /** Adds what begins at its start. */
  begin(epoch: number, starts: readonly AssignedPartition[]): void {
    for (const { topic, partition, position: next } of starts)
      this.#byName.set(partitionName({ topic, partition }), { topic, partition, epoch, next })
  }

  owns({ topic, partition, epoch }: TopicPartition & { readonly epoch: number }): boolean {
    return this.#byName.get(partitionName({ topic, partition }))?.epoch === epoch
  }

  epochOf(partition: TopicPartition): number | undefined {
    return this.#byName.get(partitionName(partition))?.epoch
  }

  forget(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#byName.delete(partitionName(partition))
  }

  move(partition: TopicPartition, epoch: number, offset: number): void {
    const position = this.#byName.get(partitionName(partition))
    if (position === undefined) return
    position.epoch = epoch
    position.next = offset
  }

  /** Sets a request to our positions. */
  align(request: FetchRequest): void {
    for (const { topic, partitions } of request.topics) {
      for (const asked of partitions) {
        const position = this.#byName.get(`${topic}/${asked.partition}`)
        if (position !== undefined) asked.fetchOffset = String(position.next)
      }
    }
  }

  /**
   * A response without what was asked for elsewhere than at the position. Where the leader of a partition has moved, kafkajs
   * asks the new one before the old one has answered, and would go on behind whichever answers last.
   */
  current(request: FetchRequest, response: FetchResponse): FetchResponse {
    const asked = askedOf(request)
    const isCurrent = (name: string): boolean => asked.get(name) === String(this.#byName.get(name)?.next)
    const responses = response.responses.map((each) => ({
      ...each,
      partitions: each.partitions.filter(({ partition }) => isCurrent(`${each.topicName}/${partition}`)),
    }))
    return { ...response, responses }
  }

  /** Whether a request asked for a partition where its position is now. */
  isAt(request: FetchRequest, partition: TopicPartition): boolean {
    const name = partitionName(partition)
    return askedOf(request).get(name) === String(this.#byName.get(name)?.next)
  }

  /**
   * Moves positions to the end of what holds nothing to deliver: control records, aborted ones, or batches of which compaction
   * has left nothing. That is read from the response. kafkajs passes over the former as well, but where it asks next does not
   * say so: it also drops responses, and goes on behind batches that were refused.
   */
  passEmpty(response: FetchResponse): Advance[] {
    return response.responses.flatMap(({ topicName: topic, partitions }) =>
      partitions.flatMap(({ partition, messages, endOffset = -1 }) => {
        const name = `${topic}/${partition}`
        const position = this.#byName.get(name)
        if (position === undefined || messages.some((message) => isDelivered(message, position.next))) return []
        const last = messages.at(-1)
        const behind = last === undefined ? -1 : Math.max(parseOffset(last.offset, name), position.next) + 1
        const end = Math.max(behind, endOffset)
        if (end <= position.next) return []
        position.next = end
        return [{ topic, partition, epoch: position.epoch, nextOffset: end }]
      }),
    )
  }

  /** Where a batch starts at the position, moves it to the batch's end and answers the epoch; else undefined. */
  accept(topic: string, partition: number, fetchedOffset: number, nextOffset: number): number | undefined {
    const position = this.#byName.get(`${topic}/${partition}`)
    if (position === undefined || position.next !== fetchedOffset) return undefined
    position.next = nextOffset
    return position.epoch
  }
}

/** By the name of the partition. */
function askedOf({ topics }: FetchRequest): ReadonlyMap<string, string> {
  return new Map(
    topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, fetchOffset }) => [partitionName({ topic, partition }), fetchOffset] as const),
    ),
  )
}

/** As kafkajs decides it, of a response without aborted records. */
function isDelivered({ offset, isControlRecord }: Message, position: number): boolean {
  return isControlRecord !== true && Number(offset) >= position
}
