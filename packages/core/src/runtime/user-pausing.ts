import type { TopicPartition } from '../model/topic-partition.ts'
import { UserPauses } from '../model/user-pauses.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { Partitions } from '../state/partitions.ts'

export interface UserPausingPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  react(): void
}

/** Carries out `pause` and `resume` on the partitions that are here; those that come later are asked of `covers`. */
export class UserPausing {
  readonly #ports: UserPausingPorts
  readonly #pauses = new UserPauses()

  constructor(ports: UserPausingPorts) {
    this.#ports = ports
  }

  covers(partition: TopicPartition): boolean {
    return this.#pauses.covers(partition)
  }

  pause(topic: string, partition?: number): void {
    const { partitions, scheduler, react } = this.#ports
    this.#pauses.pause(topic, partition)
    for (const state of partitions.matching(topic, partition)) scheduler.hold(state.queue, 'user')
    react()
  }

  resume(topic: string, partition?: number): void {
    const { partitions, scheduler, react } = this.#ports
    this.#pauses.resume(topic, partition)
    for (const state of partitions.matching(topic, partition)) {
      if (!this.#pauses.covers(state)) scheduler.unhold(state.queue, 'user')
    }
    react()
  }
}
