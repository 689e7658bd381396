import { type Consumer, type ConsumerEvents, type ConsumerOptions, on, partitionName } from '@holdfast/core'
import { type TestConsumerOptions, testConsumer } from './test-consumer.ts'

type Joined = ConsumerEvents['group:joined']

/** A consumer with what it was told of its group, and what it handled. */
export class RecordedConsumer {
  readonly consumer: Consumer
  readonly joins: Joined[] = []
  readonly revoked: string[] = []
  readonly lost: string[] = []
  readonly crashes: ConsumerEvents['driver:crashed'][] = []
  /** `partition@offset`, in the order of their ends. */
  readonly handled: string[] = []
  readonly #running: Promise<unknown>

  constructor(
    brokers: readonly string[],
    topic: string | RegExp,
    options: Partial<ConsumerOptions> & { readonly groupId: string },
    { handlerMs = 0, ...driver }: TestConsumerOptions & { readonly handlerMs?: number } = {},
  ) {
    const handler = on(topic, async (record) => {
      if (handlerMs > 0) await new Promise((resolve) => setTimeout(resolve, handlerMs))
      this.handled.push(`${record.partition}@${record.offset}`)
    })
    this.consumer = testConsumer(brokers, { handlers: [handler], ...options }, driver)
    this.consumer.on('group:joined', (event) => void this.joins.push(event))
    this.consumer.on('group:revoked', ({ partitions }) => void this.revoked.push(...partitions.map(partitionName)))
    this.consumer.on('group:lost', ({ partitions }) => void this.lost.push(...partitions.map(partitionName)))
    this.consumer.on('driver:crashed', (event) => void this.crashes.push(event))
    this.#running = this.consumer.run().catch((error: unknown) => error)
  }

  /** The error with which `run` ended; undefined for a clean end. */
  get ended(): Promise<unknown> {
    return this.#running
  }

  get owned(): string[] {
    return (this.joins.at(-1)?.partitions ?? []).map(partitionName).sort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consumer.stop().catch(() => undefined)
    await this.#running
  }
}
