import { setTimeout as sleep } from 'node:timers/promises'
import type { Producer } from 'kafkajs'
import { type MailRequest, writeRequest } from './mail-request.ts'

const TICK_MS = 50

export interface RequestStream {
  readonly topic: string
  readonly partitions: number
  readonly requests: readonly MailRequest[]
  readonly perSecond: number
}

/** Produces the requests at a steady rate, dealt to the partitions in turn, each with a key of its own. */
export class RequestProducer {
  /** So many are acknowledged by the broker. */
  produced = 0
  readonly #producer: Producer
  readonly #stream: RequestStream

  constructor(producer: Producer, stream: RequestStream) {
    this.#producer = producer
    this.#stream = stream
  }

  get isDone(): boolean {
    return this.produced === this.#stream.requests.length
  }

  async run(signal: AbortSignal): Promise<void> {
    const { topic, partitions, requests, perSecond } = this.#stream
    const startedMs = performance.now()
    while (!this.isDone && !signal.aborted) {
      const due = Math.ceil(((performance.now() - startedMs) / 1_000) * perSecond)
      const messages = requests.slice(this.produced, due).map((request) => ({
        partition: request.id % partitions,
        key: `user-${request.id}`,
        value: writeRequest(request),
      }))
      if (messages.length > 0) await this.#producer.send({ topic, messages })
      this.produced += messages.length
      await sleep(TICK_MS)
    }
  }
}
