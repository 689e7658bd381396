import { type ConsumerRecord, parseOffset, RecordHeaders, type RecordSource, recordBytes } from '@holdfast/core'
import { bytesOfHeaders, rawHeaders } from '../internals/headers.ts'
import type { KafkaMessage } from '../internals/kafkajs.ts'

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
  readonly #wire: object | undefined
  #headers: RecordHeaders | undefined

  constructor(topic: string, partition: number, offset: number, message: KafkaMessage) {
    this.topic = topic
    this.partition = partition
    this.offset = offset
    this.key = message.key
    this.value = message.value
    this.#timestamp = message.timestamp
    this.#wire = message.headers
  }

  get timestamp(): number {
    return Number(this.#timestamp)
  }

  get headers(): RecordHeaders {
    this.#headers ??= RecordHeaders.of(rawHeaders(this.#wire))
    return this.#headers
  }
}

/**
 * The records of a fetched batch, over the messages that kafkajs decoded. Offsets of a log only grow: where the ends of a
 * batch are as far apart as it is long, those between need no parsing.
 */
export class KafkajsRecords implements RecordSource {
  readonly length: number
  readonly #topic: string
  readonly #partition: number
  readonly #messages: readonly KafkaMessage[]
  readonly #first: number
  /** Undefined where the batch is dense. */
  readonly #offsets: Float64Array | undefined

  constructor(topic: string, partition: number, messages: readonly KafkaMessage[]) {
    const parse = ({ offset }: KafkaMessage): number => parseOffset(offset, `${topic}/${partition}`)
    const [head, tail] = [messages[0], messages.at(-1)]
    this.length = messages.length
    this.#topic = topic
    this.#partition = partition
    this.#messages = messages
    this.#first = head === undefined ? 0 : parse(head)
    const isDense = tail === undefined || parse(tail) - this.#first + 1 === messages.length
    this.#offsets = isDense ? undefined : Float64Array.from(messages, parse)
  }

  offsetAt(index: number): number {
    return this.#offsets === undefined ? this.#first + index : (this.#offsets[index] as number)
  }

  bytesAt(index: number): number {
    const message = this.#messages[index] as KafkaMessage
    return recordBytes(message, bytesOfHeaders(message.headers))
  }

  at(index: number): ConsumerRecord {
    const message = this.#messages[index] as KafkaMessage
    return new KafkajsRecord(this.#topic, this.#partition, this.offsetAt(index), message)
  }
}
