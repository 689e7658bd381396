import { type ConsumerRecord, parseOffset, RecordHeaders } from '@holdfast/core'
import { rawHeaders } from './internals/headers.ts'
import type { KafkaMessage } from './internals/kafkajs.ts'

/** A record made from what kafkajs decoded. Most handlers never look at headers, so they are made when asked for. */
class KafkajsRecord implements ConsumerRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly #rawHeaders: object | undefined

  constructor(topic: string, partition: number, message: KafkaMessage) {
    this.topic = topic
    this.partition = partition
    const offset = Number(message.offset)
    this.offset = Number.isSafeInteger(offset) ? offset : parseOffset(message.offset, `${topic}/${partition}`)
    this.timestamp = Number(message.timestamp)
    this.key = message.key
    this.value = message.value
    this.#rawHeaders = message.headers
  }

  get headers(): RecordHeaders {
    return RecordHeaders.of(rawHeaders(this.#rawHeaders))
  }
}

export function toRecords(topic: string, partition: number, messages: readonly KafkaMessage[]): ConsumerRecord[] {
  return messages.map((message) => new KafkajsRecord(topic, partition, message))
}
