import type { DriverAnswers, TopicPartition } from '@holdfast/core'
import type { Fetching } from './fetch/fetching.ts'
import type { GroupSession } from './group/group-session.ts'

/** What brokers have answered to any client of this consumer. A request that times out is no answer. */
export class Answers implements DriverAnswers {
  readonly #session: GroupSession
  readonly #fetching: Fetching
  #total = 0

  constructor(session: GroupSession, fetching: Fetching) {
    this.#session = session
    this.#fetching = fetching
  }

  get total(): number {
    return this.#total
  }

  get isJoining(): boolean {
    return this.#session.isJoining
  }

  fetchesOf(partition: TopicPartition): number {
    return this.#fetching.answeredOf(partition)
  }

  note(): void {
    this.#total += 1
  }
}
