import type { Logger, OutgoingRecord } from '@holdfast/core'
import type { KafkajsConfig } from '../options.ts'
import { ConfirmedWrites } from './confirmed-writes.ts'

const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 }

/** A producer that connects with its first records. An error makes it useless. */
export class ProducerConnection {
  readonly #writes: ConfirmedWrites
  #connecting: Promise<void> | undefined

  constructor(config: KafkajsConfig, logger: Logger) {
    this.#writes = new ConfirmedWrites(config, logger, { retry: RETRY })
  }

  /** How many partitions its topic has; undefined before the first record. */
  get partitions(): number | undefined {
    return this.#writes.partitions
  }

  async send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    const { producer } = this.#writes
    this.#connecting ??= producer.connect()
    await this.#connecting
    await this.#writes.send(producer, topic, records)
  }

  /** Ends the connection in good order. */
  async close(): Promise<void> {
    await this.#writes.close()
  }

  /** Ends it at once: nothing more is written. */
  abandon(): void {
    this.#writes.abandon()
  }
}
