import type { AssignedPartition, DriverContext, TopicPartition } from '@holdfast/core'
import { findResetOffsets } from '../group/start-offsets.ts'
import type { ClusterInternals, FetchRequest, FetchResponse } from '../internals/cluster.ts'
import type { EachBatchPayload } from '../internals/kafkajs.ts'
import { hideAborted } from './aborted.ts'
import { AnsweredFetches } from './answered-fetches.ts'
import { FetchPauses } from './pauses.ts'
import { Positions } from './positions.ts'
import { KafkajsRecords } from './record.ts'
import { FetchSizes } from './sizes.ts'
import { undecodableIn } from './undecodable.ts'

type Send = (request: FetchRequest) => Promise<FetchResponse>

/**
 * What is read, from where, and what becomes of it.
 *
 * A round lasts from one assignment to the next join. What was asked for in another round is emptied before kafkajs sees
 * it; since positions move with what is handed over, a partition that is retained goes on exactly there.
 */
export class Fetching {
  readonly #context: DriverContext
  readonly #cluster: () => ClusterInternals
  readonly #positions = new Positions()
  readonly #pauses = new FetchPauses()
  readonly #sizes: FetchSizes
  readonly #answered = new AnsweredFetches()
  #rounds = 0
  /** Undefined while none is in force. */
  #round: number | undefined

  constructor(context: DriverContext, cluster: () => ClusterInternals) {
    this.#context = context
    this.#cluster = cluster
    this.#sizes = new FetchSizes(context.maxPartitionFetchBytes)
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#pauses.pause(partitions)
    this.#sizes.shrink(partitions)
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#pauses.resume(partitions)
  }

  /** Reads on past what could not be decoded. */
  skipTo(partition: TopicPartition, epoch: number, offset: number): void {
    if (this.#positions.owns({ ...partition, epoch })) this.#positions.move(partition, epoch, offset)
  }

  /** Answers that count for the present assignment. */
  answeredOf(partition: TopicPartition): number {
    return this.#answered.count(partition)
  }

  owns(request: TopicPartition & { readonly epoch: number }): boolean {
    return this.#positions.owns(request)
  }

  /** All that is owned, also what is being given up. */
  get owned(): readonly TopicPartition[] {
    return this.#positions.all
  }

  /** Hands nothing over until `begin`; positions stay. */
  halt(): void {
    this.#round = undefined
  }

  /** These are owned no more. */
  forget(partitions: readonly TopicPartition[]): void {
    this.#positions.forget(partitions)
    this.#sizes.forget(partitions)
    this.#pauses.resume(partitions)
    this.#answered.forget(partitions)
  }

  /** Reads what is new from its start, and the rest from where it was. */
  begin(epoch: number, starts: readonly AssignedPartition[]): void {
    this.#positions.begin(epoch, starts)
    this.#rounds += 1
    this.#round = this.#rounds
  }

  /** Nothing is owned any more. */
  end(): void {
    this.#round = undefined
    this.forget(this.owned)
  }

  async fetch(request: FetchRequest, send: Send): Promise<FetchResponse> {
    const round = this.#round
    if (round !== undefined) this.#positions.align(request)
    const wanted = this.#pauses.apply(request)
    if (wanted === undefined) {
      await this.#pauses.untilResumed(this.#context.fetchMaxWaitMs)
      return { responses: [] }
    }
    this.#sizes.apply(wanted)
    try {
      const answer = await send(wanted)
      hideAborted(answer)
      if (round === undefined || round !== this.#round) return { ...answer, responses: [] }
      this.#answered.note(wanted, answer)
      const response = this.#positions.current(wanted, answer)
      this.#tellPassed(response)
      return response
    } catch (error) {
      // In a round that is over as well: kafkajs would commit for it, under the generation of now.
      if ((error as Error).name !== 'KafkaJSOffsetOutOfRange') throw error
      const partition = error as Error & TopicPartition
      if (round !== undefined && round === this.#round && this.#positions.isAt(wanted, partition))
        await this.#resetPosition(partition, round)
      return { responses: [] }
    }
  }

  handOver({ batch }: EachBatchPayload): void {
    const { topic, partition } = batch
    const nextOffset = Number(batch.lastOffset()) + 1
    const fetchedOffset = Number((batch as unknown as { fetchedOffset: string }).fetchedOffset)
    const isCurrent = this.#round !== undefined
    const epoch = isCurrent ? this.#positions.accept(topic, partition, fetchedOffset, nextOffset) : undefined
    if (epoch === undefined) return
    const records = new KafkajsRecords(topic, partition, batch.messages)
    const highWatermark = this.#logEnd(batch)
    this.#context.sink.batch({ topic, partition, epoch, records, nextOffset, highWatermark })
  }

  /** Positions can move without a batch; and where one cannot, the core has to know. */
  #tellPassed(response: FetchResponse): void {
    const { sink } = this.#context
    for (const advance of this.#positions.passEmpty(response)) sink.advanced(advance, advance.epoch, advance.nextOffset)
    for (const { topic, partition, found } of undecodableIn(response)) {
      const epoch = this.#positions.epochOf({ topic, partition })
      if (epoch !== undefined) sink.undecodable({ topic, partition }, epoch, found)
    }
  }

  /** As Kafka counts lag: what is past the last stable offset cannot be read as committed yet. */
  #logEnd({ topic, partition, highWatermark }: EachBatchPayload['batch']): number {
    const end = Number(highWatermark)
    if (this.#context.isolationLevel === 'read_uncommitted') return end
    return Math.min(end, this.#answered.stableEnd({ topic, partition }) ?? end)
  }

  /** kafkajs would commit −1 or −2 for the group here; the position is moved to the real end of the log instead. */
  async #resetPosition({ topic, partition }: TopicPartition, round: number): Promise<void> {
    const reason = 'has a position outside its log'
    const [to] = (await findResetOffsets(this.#cluster(), [{ topic, partition }], this.#context, reason)).values()
    if (round !== this.#round || to === undefined) return
    const epoch = this.#context.sink.reset({ topic, partition }, to)
    this.#positions.move({ topic, partition }, epoch, to)
  }
}
