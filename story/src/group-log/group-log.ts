import { randomUUID } from 'node:crypto'
import client from 'kafkajs'
import { decodeEntry } from './decode-entry.ts'
import { GroupRecord } from './group-record.ts'

const TOPIC = '__consumer_offsets'
const FETCH_MAX_WAIT_MS = 100

/** Follows the log in which the broker keeps generations and committed offsets. */
export class GroupLog implements AsyncDisposable {
  readonly #admin: client.Admin
  readonly #consumer: client.Consumer
  readonly #groups = new Map<string, GroupRecord>()
  readonly #positions = new Map<number, number>()
  readonly #waiting = new Set<() => void>()

  private constructor(kafka: client.Kafka, groupId: string) {
    this.#admin = kafka.admin()
    this.#consumer = kafka.consumer({ groupId, maxWaitTimeInMs: FETCH_MAX_WAIT_MS })
  }

  static async follow(brokers: readonly string[]): Promise<GroupLog> {
    const kafka = new client.Kafka({ brokers: [...brokers], clientId: 'story', logLevel: client.logLevel.ERROR })
    const log = new GroupLog(kafka, `story-log-${randomUUID()}`)
    await log.#start()
    return log
  }

  group(groupId: string): GroupRecord {
    const known = this.#groups.get(groupId) ?? new GroupRecord()
    this.#groups.set(groupId, known)
    return known
  }

  /** Resolves when all is read that had been written at the time of the call. */
  async catchUp(): Promise<void> {
    const ends = await this.#admin.fetchTopicOffsets(TOPIC)
    const hasAll = (): boolean =>
      ends.every(({ partition, high, low }) => high === low || (this.#positions.get(partition) ?? 0) >= Number(high))
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!hasAll()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#consumer.disconnect(), this.#admin.disconnect()])
  }

  async #start(): Promise<void> {
    await Promise.all([this.#admin.connect(), this.#consumer.connect()])
    await this.#consumer.subscribe({ topics: [TOPIC], fromBeginning: true })
    await this.#consumer.run({ autoCommit: false, eachBatch: async ({ batch }) => this.#read(batch) })
  }

  #read(batch: client.Batch): void {
    for (const { key, value } of batch.messages) {
      const entry = decodeEntry(key, value)
      if (entry !== undefined) this.group(entry.groupId).add(entry)
    }
    this.#positions.set(batch.partition, Number(batch.lastOffset()) + 1)
    for (const look of [...this.#waiting]) look()
  }
}
