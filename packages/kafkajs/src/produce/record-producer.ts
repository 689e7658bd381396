import { HoldfastError, type Logger, type OutgoingRecord } from '@holdfast/core'
import type { KafkajsConfig } from '../options.ts'
import { quiet } from '../quiet.ts'
import { ProducerConnection } from './producer-connection.ts'
import { TopicWriter } from './topic-writer.ts'

/**
 * Writes records, each acknowledged by all replicas in sync. Every topic has a connection of its own, made with its first
 * record: one topic that is missing or slow says nothing about another.
 */
export class RecordProducer {
  readonly #config: KafkajsConfig
  readonly #logger: Logger
  readonly #writers = new Map<string, TopicWriter>()
  #isStopped = false

  constructor(config: KafkajsConfig, logger: Logger) {
    this.#config = config
    this.#logger = quiet(logger)
  }

  /** Settles within half a minute. */
  async produce(records: readonly OutgoingRecord[]): Promise<void> {
    if (this.#isStopped)
      throw new HoldfastError('HF_STATE_INVALID', 'records cannot be written after the consumer has stopped.')
    const writes = [...Map.groupBy(records, ({ topic }) => topic)].map(([topic, list]) =>
      this.#writerOf(topic).write(list),
    )
    const results = await Promise.allSettled(writes)
    const failed = results.find(({ status }) => status === 'rejected')
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#writers.values()].map((writer) => writer.stop()))
  }

  #writerOf(topic: string): TopicWriter {
    const known = this.#writers.get(topic)
    if (known !== undefined) return known
    const connect = (): ProducerConnection => new ProducerConnection(this.#config, this.#logger)
    const writer = new TopicWriter(topic, { brokers: this.#config.brokers, connect })
    this.#writers.set(topic, writer)
    return writer
  }
}
