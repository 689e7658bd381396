import { HoldfastError, type OutgoingRecord } from '@holdfast/core'
import { type Asked, recordsOf, takeJoined } from './joined-calls.ts'
import { produceError } from './produce-error.ts'
import type { ProducerConnection } from './producer-connection.ts'
import { checkReadable, requestsOf } from './requests.ts'

/** A call settles within this time; what was under way then may have been written. */
const LIMIT_MS = 30_000
/** These are about the records of one call; any other error meets those that wait behind it as well. */
const ABOUT_RECORDS: readonly string[] = ['HF_RECORD_TOO_LARGE', 'HF_RECORD_REFUSED', 'HF_PARTITION_MISSING']

export interface TopicWriterPorts {
  readonly brokers: readonly string[]
  connect(): Pick<ProducerConnection, 'send' | 'close' | 'abandon' | 'partitions'>
}

interface Call extends Asked {
  readonly endMs: number
  readonly done: PromiseWithResolvers<void>
}

/**
 * Writes to one topic.
 *
 * - One request at a time. kafkajs counts the sequence of an idempotent producer back when a request fails, also where it
 *   was written; the next one would take its number, and brokers acknowledge that as a repetition and drop it.
 * - After any error a new producer, for the same reason.
 * - Calls that wait for one partition are written together, however many ask at a time.
 */
export class TopicWriter {
  readonly #topic: string
  readonly #ports: TopicWriterPorts
  readonly #waiting: Call[] = []
  #isWorking = false
  #partitions: number | undefined
  /** Where records go next that may go anywhere. */
  #anyPartition = 0
  #connection: ReturnType<TopicWriterPorts['connect']> | undefined
  /** Ends the request under way for its call. */
  #interrupt: ((error: Error) => void) | undefined
  #isStopped = false

  constructor(topic: string, ports: TopicWriterPorts) {
    this.#topic = topic
    this.#ports = ports
  }

  write(records: readonly OutgoingRecord[]): Promise<void> {
    const call = { records, endMs: performance.now() + LIMIT_MS, done: Promise.withResolvers<void>() }
    this.#waiting.push(call)
    if (!this.#isWorking) void this.#work()
    return call.done.promise
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#refuseWaiting(stopped(this.#topic))
    const isIdle = this.#interrupt === undefined
    this.#interrupt?.(stopped(this.#topic))
    if (isIdle) await this.#connection?.close()
    this.#connection = undefined
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    while (this.#waiting.length > 0) await this.#settle(takeJoined(this.#waiting, this.#partitions))
    this.#isWorking = false
  }

  /** The first of them has waited longest. */
  async #settle(calls: readonly Call[]): Promise<void> {
    const endMs = Math.min(...calls.map((call) => call.endMs))
    this.#anyPartition = (this.#anyPartition + 1) % (this.#partitions ?? 1)
    const records = recordsOf(calls, this.#anyPartition)
    try {
      if (calls.length > 1) await this.#send(records, endMs)
      else for (const request of requestsOf(records)) await this.#deliver(request, endMs)
      for (const { done } of calls) done.resolve()
    } catch (error) {
      const isAboutRecords = ABOUT_RECORDS.includes((error as HoldfastError).code)
      // One of them is to blame, and its partition has taken none.
      if (isAboutRecords && calls.length > 1) {
        for (const call of calls) await this.#settle([call])
        return
      }
      for (const { done } of calls) done.reject(error)
      if (!isAboutRecords) this.#refuseWaiting(error)
    }
  }

  /** `max.message.bytes` bounds what is written together: what is too large at once is not always too large in halves. */
  async #deliver(records: readonly OutgoingRecord[], endMs: number): Promise<void> {
    try {
      await this.#send(records, endMs)
    } catch (error) {
      if ((error as HoldfastError).code !== 'HF_RECORD_TOO_LARGE' || records.length === 1) throw error
      const half = records.length >> 1
      await this.#deliver(records.slice(0, half), endMs)
      await this.#deliver(records.slice(half), endMs)
    }
  }

  async #send(records: readonly OutgoingRecord[], endMs: number): Promise<void> {
    if (this.#isStopped) throw stopped(this.#topic)
    checkReadable(this.#topic, records)
    this.#connection ??= this.#ports.connect()
    const connection = this.#connection
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const limit = setTimeout(() => reject(unanswered(this.#topic, records.length)), endMs - performance.now())
    this.#interrupt = reject
    connection.send(this.#topic, records).then(resolve, reject)
    try {
      await promise
      this.#partitions = connection.partitions
    } catch (error) {
      this.#connection = undefined
      connection.abandon()
      throw produceError(error, { topic: this.#topic, records, brokers: this.#ports.brokers })
    } finally {
      clearTimeout(limit)
      this.#interrupt = undefined
    }
  }

  #refuseWaiting(error: unknown): void {
    for (const { done } of this.#waiting.splice(0)) done.reject(error)
  }
}

function stopped(topic: string): HoldfastError {
  return new HoldfastError(
    'HF_STATE_INVALID',
    `the consumer stopped before all replicas had the records for ${topic}; they may have been written.\n  Fix: let it drain, with a longer shutdownTimeoutMs.`,
    { details: { topic } },
  )
}

function unanswered(topic: string, count: number): HoldfastError {
  return new HoldfastError(
    'HF_BROKER_UNREACHABLE',
    `${count} records for ${topic} were not acknowledged within ${LIMIT_MS} ms; they may have been written.\n  Fix: check the brokers of the topic and the network.`,
    { details: { topic } },
  )
}
