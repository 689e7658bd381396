import { isHeadBlocking } from '../policy/head-of-line.ts'
import type { Events, HeadOfLine } from '../ports/events.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'
import type { Slots } from '../state/slots.ts'

export interface HeadWatchPorts {
  readonly partitions: Partitions
  readonly slots: Slots
  readonly events: Events
  readonly maxUncommittedRecords: number
  handlerOf(topic: string): { readonly name: string }
}

/** Names the record that holds a partition back when nearly all that may be done past it is. */
export class HeadWatch {
  readonly #ports: HeadWatchPorts
  readonly #told = new WeakMap<PartitionState, number>()

  constructor(ports: HeadWatchPorts) {
    this.#ports = ports
  }

  look(nowMs: number): void {
    for (const state of this.#ports.partitions) {
      const head = this.of(state, nowMs)
      if (head === undefined || this.#told.get(state) === head.offset) continue
      this.#told.set(state, head.offset)
      this.#ports.events.emit('partition:blocked', { ...state.name, ...head })
    }
  }

  of(state: PartitionState, nowMs: number): HeadOfLine | undefined {
    const { slots, maxUncommittedRecords: limit, handlerOf } = this.#ports
    const { settledAhead } = state.ledger
    const { admitted } = state.queue
    if (!isHeadBlocking({ settledAhead, admitted, maxUncommittedRecords: limit })) return undefined
    const head = state.oldestAdmitted(nowMs)
    if (head === undefined) return undefined
    const slot = slots.of(new Set([state])).find(({ current }) => current?.holds(head.offset))
    return { ...head, handler: handlerOf(state.topic).name, attempt: slot?.current?.attempt, settledAhead, limit }
  }
}
