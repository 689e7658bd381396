import { type AssignedPartition, parseOffset, partitionName, type TopicPartition } from '@holdfast/core'
import type { FetchRequest, FetchResponse } from '../internals/cluster.ts'

interface Position {
  readonly topic: string
  readonly partition: number
  epoch: number
  /** The next offset to hand over. */
  next: number
  /** What the last response offered from `next`: where it ended. */
  offeredTo: number | undefined
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

  /** Adds what begins at its start; what the last responses offered to the rest was not handed over. */
  begin(epoch: number, starts: readonly AssignedPartition[]): void {
    for (const position of this.#byName.values()) position.offeredTo = undefined
    for (const { topic, partition, position } of starts) {
      this.#byName.set(partitionName({ topic, partition }), {
        topic,
        partition,
        epoch,
        next: position,
        offeredTo: undefined,
      })
    }
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
    position.offeredTo = undefined
  }

  /**
   * Sets a request to our positions. Where kafkajs has moved over exactly what the last response offered, and no batch
   * came of it, that response held nothing to deliver: control records, aborted or compacted ones.
   */
  align(request: FetchRequest): Advance[] {
    const advances: Advance[] = []
    for (const { topic, partitions } of request.topics) {
      for (const asked of partitions) {
        const position = this.#byName.get(`${topic}/${asked.partition}`)
        if (position === undefined) continue
        if (position.offeredTo !== undefined && asked.fetchOffset === String(position.offeredTo)) {
          position.next = position.offeredTo
          advances.push({ topic, partition: asked.partition, epoch: position.epoch, nextOffset: position.next })
        }
        position.offeredTo = undefined
        asked.fetchOffset = String(position.next)
      }
    }
    return advances
  }

  /**
   * Moves positions to the end of batches in which nothing is left at or behind them: compaction takes records, and their
   * offsets stay. kafkajs would ask for the same batch again.
   */
  passEmpty(response: FetchResponse): Advance[] {
    return response.responses.flatMap(({ topicName: topic, partitions }) =>
      partitions.flatMap(({ partition, messages, endOffset = -1 }) => {
        const position = this.#byName.get(`${topic}/${partition}`)
        if (position === undefined || messages.length > 0 || endOffset <= position.next) return []
        position.next = endOffset
        return [{ topic, partition, epoch: position.epoch, nextOffset: endOffset }]
      }),
    )
  }

  /** Notes what a response offers, as kafkajs will count it. */
  offered(response: FetchResponse): void {
    for (const { topicName, partitions } of response.responses) {
      for (const { partition, messages } of partitions) {
        const position = this.#byName.get(`${topicName}/${partition}`)
        const last = messages.at(-1)
        if (position === undefined || last === undefined) continue
        const lastOffset = parseOffset(last.offset, `${topicName}/${partition}`)
        position.offeredTo = Math.max(lastOffset, position.next) + 1
      }
    }
  }

  /** Where a batch starts at the position, moves it to the batch's end and answers the epoch; else undefined. */
  accept(topic: string, partition: number, fetchedOffset: number, nextOffset: number): number | undefined {
    const position = this.#byName.get(`${topic}/${partition}`)
    if (position === undefined || position.next !== fetchedOffset) return undefined
    position.next = nextOffset
    position.offeredTo = undefined
    return position.epoch
  }
}
