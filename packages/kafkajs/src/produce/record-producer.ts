import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError, type Logger, type OutgoingRecord } from '@holdfast/core'
import { createClient } from '../client.ts'
import { type Message, Partitioners, type Producer, type RetryOptions } from '../internals/kafkajs.ts'
import { OpenSockets } from '../internals/open-sockets.ts'
import { wireHeaders } from '../internals/wire-headers.ts'
import type { KafkajsConfig } from '../options.ts'
import { produceError } from './produce-error.ts'

/** A request is answered within this time, or counts as failed; the records may have been written. */
const LIMIT_MS = 30_000
/** The broker waits so long for its replicas. */
const ACKS_TIMEOUT_MS = 10_000
const RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 }
const CLOSE_LIMIT_MS = 2_000
const ALL_REPLICAS = -1

/** What a connection is made of. */
interface Connected {
  readonly producer: Producer
  readonly sockets: OpenSockets
}

/**
 * Writes records, each acknowledged by all replicas in sync. The connection is made with the first of them. After an error
 * that leaves open what was written it is made anew: an idempotent producer counts its requests, and would no longer know
 * where it stands.
 */
export class RecordProducer {
  readonly #config: KafkajsConfig
  readonly #logger: Logger
  #connected: Promise<Connected> | undefined
  #isStopped = false

  constructor(config: KafkajsConfig, logger: Logger) {
    this.#config = config
    this.#logger = logger
  }

  async produce(records: readonly OutgoingRecord[]): Promise<void> {
    if (this.#isStopped)
      throw new HoldfastError('HF_STATE_INVALID', 'records cannot be written after the consumer has stopped.')
    if (records.length === 0) return
    const connected = this.#connected ?? this.#connect()
    this.#connected = connected
    const limit = new AbortController()
    try {
      const late = sleep(LIMIT_MS, undefined, { signal: limit.signal }).then(() => Promise.reject(unanswered(records)))
      late.catch(() => undefined)
      await Promise.race([late, connected.then(({ producer }) => send(producer, records))])
    } catch (error) {
      const translated = produceError(error, records, this.#config.brokers)
      if (translated.code !== 'HF_RECORD_TOO_LARGE') this.#drop(connected)
      throw translated
    } finally {
      limit.abort()
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    const connected = this.#connected
    this.#connected = undefined
    if (connected !== undefined) await close(connected)
  }

  #drop(connected: Promise<Connected>): void {
    if (this.#connected === connected) this.#connected = undefined
    void close(connected)
  }

  async #connect(): Promise<Connected> {
    const sockets = new OpenSockets()
    const logger = quiet(this.#logger)
    const producer = createClient(this.#config, { logger, retry: RETRY, sockets }).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      metadataMaxAge: this.#config.metadataMaxAgeMs,
      retry: RETRY,
    })
    try {
      await producer.connect()
      return { producer, sockets }
    } catch (error) {
      sockets.close()
      throw error
    }
  }
}

async function send(producer: Producer, records: readonly OutgoingRecord[]): Promise<void> {
  const topicMessages = [...Map.groupBy(records, ({ topic }) => topic)].map(([topic, list]) => ({
    topic,
    messages: list.map(messageOf),
  }))
  await producer.sendBatch({ acks: ALL_REPLICAS, timeout: ACKS_TIMEOUT_MS, topicMessages })
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

async function close(connected: Promise<Connected>): Promise<void> {
  const known = await connected.catch(() => undefined)
  if (known === undefined) return
  await Promise.race([
    known.producer.disconnect().catch(() => undefined),
    sleep(CLOSE_LIMIT_MS, undefined, { ref: false }),
  ])
  known.sockets.close()
}

function unanswered(records: readonly OutgoingRecord[]): HoldfastError {
  return new HoldfastError(
    'HF_BROKER_UNREACHABLE',
    `${records.length} records for ${records[0]?.topic} got no answer within ${LIMIT_MS} ms; they may have been written.\n  Fix: check the brokers and the network.`,
  )
}

/** Whoever asked is told by an error; kafkajs's own words about each try, and about bounded retries, are for debugging. */
function quiet(logger: Logger): Logger {
  const debug: Logger['debug'] = (fields, message) => logger.debug(fields, message)
  return { trace: debug, debug, info: debug, warn: debug, error: debug, child: (fields) => quiet(logger.child(fields)) }
}
