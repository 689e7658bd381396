import { type ConsumerRecord, parseOffset, RecordHeaders } from '@holdfast/core'
import { rawHeaders } from './internals/headers.ts'
import type { KafkaMessage } from './internals/kafkajs.ts'

/**
 * A record made from what kafkajs decoded. Headers and timestamp are made when asked for: most handlers never look at
 * them, and parsing is what a record costs most.
 */
class KafkajsRecord implements ConsumerRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly #timestamp: string
  readonly #headers: object | undefined

  constructor(topic: string, partition: number, offset: number, message: KafkaMessage) {
    this.topic = topic
    this.partition = partition
    this.offset = offset
    this.key = message.key
    this.value = message.value
    this.#timestamp = message.timestamp
    this.#headers = message.headers
  }

  get timestamp(): number {
    return Number(this.#timestamp)
  }

  get headers(): RecordHeaders {
    return RecordHeaders.of(rawHeaders(this.#headers))
  }
}

/** Offsets of a log only grow: where the ends of a batch are as far apart as it is long, those between need no parsing. */
export function toRecords(topic: string, partition: number, messages: readonly KafkaMessage[]): ConsumerRecord[] {
  const [head, tail] = [messages[0], messages.at(-1)]
  if (head === undefined || tail === undefined) return []
  const where = `${topic}/${partition}`
  const first = parseOffset(head.offset, where)
  const isDense = parseOffset(tail.offset, where) - first + 1 === messages.length
  return messages.map((message, index) => {
    const offset = isDense ? first + index : parseOffset(message.offset, where)
    return new KafkajsRecord(topic, partition, offset, message)
  })
}
