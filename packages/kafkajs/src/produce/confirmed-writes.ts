import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError, type Logger, type OutgoingRecord } from '@holdfast/core'
import { createClient } from '../client.ts'
import type { Message, Producer, RetryOptions } from '../internals/kafkajs.ts'
import { OpenSockets } from '../internals/open-sockets.ts'
import { wireHeaders } from '../internals/wire-headers.ts'
import type { KafkajsConfig } from '../options.ts'
import { Destinations } from './destinations.ts'

/** The broker waits so long for its replicas. */
const ACKS_TIMEOUT_MS = 10_000
const CLOSE_LIMIT_MS = 2_000
const ALL_REPLICAS = -1

/** What else a producer of kafkajs is told. */
export interface ProducerTraits {
  readonly retry: RetryOptions
  readonly transactionalId?: string
  readonly transactionTimeout?: number
}

/** An idempotent producer of kafkajs, or a transaction of it, as far as records are written. */
type Writer = Pick<Producer, 'send'>

/** One idempotent producer of kafkajs, whose writes count when every partition has acknowledged them. */
export class ConfirmedWrites {
  readonly producer: Producer
  readonly #sockets = new OpenSockets()
  readonly #destinations = new Destinations()

  constructor(config: KafkajsConfig, logger: Logger, { retry, ...traits }: ProducerTraits) {
    this.producer = createClient(config, { logger, retry, sockets: this.#sockets }).producer({
      ...traits,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => this.#destinations.choose,
      metadataMaxAge: config.metadataMaxAgeMs,
      retry,
    })
  }

  /** As of its last record, how many partitions that topic has. */
  get partitions(): number | undefined {
    return this.#destinations.partitions
  }

  async send(writer: Writer, topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    const messages = records.map(messageOf)
    const written = await writer.send({ topic, messages, acks: ALL_REPLICAS, timeout: ACKS_TIMEOUT_MS })
    const missing = this.#destinations.missing(
      messages,
      written.map(({ partition }) => partition),
    )
    // kafkajs takes a broker that has answered for done, also when a partition has moved to it since.
    if (missing === undefined) return
    throw new HoldfastError(
      'HF_PRODUCE_FAILED',
      `${topic}/${missing} has not acknowledged its records; its leader may have changed.\n  Fix: nothing, they are written again.`,
      { details: { topic, partition: missing } },
    )
  }

  /** Ends the connection in good order. */
  async close(): Promise<void> {
    await Promise.race([this.#disconnect(), sleep(CLOSE_LIMIT_MS, undefined, { ref: false })])
    this.#sockets.close()
  }

  /** Ends it at once: nothing more is written. */
  abandon(): void {
    this.#sockets.close()
    void this.#disconnect()
  }

  async #disconnect(): Promise<void> {
    await this.producer.disconnect().catch(() => undefined)
  }
}

function messageOf({ key, value, headers, partition, timestamp }: OutgoingRecord): Message {
  return {
    key,
    value,
    ...(headers.length === 0 ? {} : { headers: wireHeaders(headers) }),
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
  }
}
