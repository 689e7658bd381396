import type { ConsumerEvents, EventListener, EventName, TopicPartition } from '@holdfast/core'

/** The events of a consumer, told by hand. */
export class FakeEvents {
  readonly #listeners = new Map<EventName, Set<(event: never) => void>>()

  on<Name extends EventName>(name: Name, listener: EventListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => void listeners.delete(listener)
  }

  emit<Name extends EventName>(name: Name, event: ConsumerEvents[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(event as never)
  }

  join(partitions: readonly TopicPartition[]): void {
    this.emit('group:joined', { memberId: 'm', generationId: 1, epoch: 1, partitions, added: partitions })
  }

  revoke(partitions: readonly TopicPartition[]): void {
    this.emit('group:revoked', { partitions })
  }

  lose(partitions: readonly TopicPartition[]): void {
    this.emit('group:lost', { reason: 'the session timed out', partitions })
  }
}
