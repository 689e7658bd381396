import { setTimeout as sleep } from 'node:timers/promises'
import type { TestCluster } from '../../../../kafkajs/test/support/test-cluster.ts'

const RECORDS = 20
/** Some thousand records a second: enough that every rebalance has records in flight. */
const PAUSE_MS = 10

/** Produces numbers until it is stopped, as the producer beside Kafka's system tests does. */
export class Feed {
  readonly #running: Promise<void>
  #isStopped = false
  produced = 0

  constructor(cluster: TestCluster, topic: string, partitions: number) {
    this.#running = this.#run(cluster, topic, partitions)
    this.#running.catch(() => undefined)
  }

  /** Answers how many records there are now. */
  async stop(): Promise<number> {
    this.#isStopped = true
    await this.#running
    return this.produced
  }

  async #run(cluster: TestCluster, topic: string, partitions: number): Promise<void> {
    while (!this.#isStopped) {
      await cluster.produceNumbers(topic, RECORDS, partitions, this.produced)
      this.produced += RECORDS
      await sleep(PAUSE_MS)
    }
  }
}
