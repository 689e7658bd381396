import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type DriverLogs,
  HoldfastError,
  type PartitionStanding,
  partitionName,
  type RecordSource,
  sourceOf,
  type TopicPartition,
} from '@holdfast/core'
import type { FakeGroup } from './fake-group.ts'
import type { FakeLog } from './fake-log.ts'
import type { FakeLogs } from './fake-logs.ts'
import type { ProduceFaults } from './produce-faults.ts'

export interface StandingsPorts {
  readonly logs: FakeLogs
  readonly group: Pick<FakeGroup, 'committed'>
  readonly maxBatchRecords: number
  readonly lookFaults: ProduceFaults
  /** Whether the client's process is there to be answered. */
  isAlive(): boolean
}

/** What one client can learn of partitions that it need not own. */
export class FakeStandings implements DriverLogs {
  readonly #ports: StandingsPorts

  constructor(ports: StandingsPorts) {
    this.#ports = ports
  }

  async standings(partitions: readonly TopicPartition[]): Promise<PartitionStanding[]> {
    await this.#answer()
    const error = this.#ports.lookFaults.next()
    if (error !== undefined) throw error
    const { group } = this.#ports
    const settled = partitions.map((one) => Math.max(group.committed(one).offset, this.#at(one).start))
    await this.#answer()
    return partitions.map((one, index) => ({ settled: settled[index] as number, end: this.#at(one).end }))
  }

  async *read(partition: TopicPartition, from: number, to: number): AsyncIterable<RecordSource> {
    for (let next = from; next < to; ) {
      await this.#answer()
      const fetched = this.#at(partition).read(next, this.#ports.maxBatchRecords)
      if (fetched === undefined || fetched.records.length === 0) return
      next = fetched.nextOffset
      yield sourceOf(fetched.records.filter(({ offset }) => offset < to))
    }
  }

  async #answer(): Promise<void> {
    await nextTurn()
    if (!this.#ports.isAlive()) await new Promise(() => undefined)
  }

  #at(where: TopicPartition): FakeLog {
    this.#ports.logs.checkExists(where.topic)
    const log = this.#ports.logs.ofTopic(where.topic)[where.partition]
    if (log !== undefined) return log
    throw new HoldfastError('HF_PARTITION_MISSING', `${partitionName(where)} does not exist.`, {
      details: { ...where },
    })
  }
}
