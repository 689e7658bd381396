import { setImmediate as nextTurn } from 'node:timers/promises'
import { HoldfastError, type OutgoingRecord, partitionName } from '@holdfast/core'
import type { FakeLogs } from './fake-logs.ts'
import type { ProduceFaults } from './produce-faults.ts'

export interface ProducerPorts {
  readonly logs: FakeLogs
  readonly produceFaults: ProduceFaults
  append(record: OutgoingRecord): void
}

/** What one client writes: all records of a call, or none. */
export class FakeProducer {
  readonly #ports: ProducerPorts
  #isStopped = false
  #isKilled = false

  constructor(ports: ProducerPorts) {
    this.#ports = ports
  }

  async produce(records: readonly OutgoingRecord[]): Promise<void> {
    this.#checkRuns()
    await nextTurn()
    await this.#ports.produceFaults.answers.held
    if (this.#isKilled) return new Promise(() => undefined)
    this.#checkRuns()
    const error = this.#ports.produceFaults.next()
    if (error !== undefined) throw error
    for (const record of records) this.checkTakes(record)
    for (const record of records) this.#ports.append({ ...record, timestamp: record.timestamp ?? Date.now() })
  }

  stop(): void {
    this.#isStopped = true
  }

  /** No request gets an answer any more. */
  kill(): void {
    this.#isKilled = true
  }

  #checkRuns(): void {
    if (this.#isStopped)
      throw new HoldfastError('HF_STATE_INVALID', 'records cannot be written after the consumer has stopped.')
  }

  /** @throws HF_TOPIC_MISSING, HF_PARTITION_MISSING */
  checkTakes({ topic, partition }: OutgoingRecord): void {
    this.#ports.logs.checkExists(topic)
    if (partition === undefined || this.#ports.logs.ofTopic(topic)[partition] !== undefined) return
    throw new HoldfastError('HF_PARTITION_MISSING', `${partitionName({ topic, partition })} does not exist.`, {
      details: { topic, partition },
    })
  }
}
