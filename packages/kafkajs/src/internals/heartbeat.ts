import { requireInternal } from './kafkajs.ts'

/** What the mend reads and writes of kafkajs's `ConsumerGroup`. */
export interface ConsumerGroupState {
  /** Of the last heartbeat, by the wall clock. */
  lastRequest: number
}

type Heartbeat = (this: ConsumerGroupState, options: { readonly interval: number }) => Promise<void>

export interface ConsumerGroupClass {
  readonly prototype: { heartbeat: Heartbeat }
}

const mended = new WeakSet<Heartbeat>()

/**
 * kafkajs sends a heartbeat when the wall clock has moved on by the interval. Set back by an hour, the clock would end the
 * session: a last heartbeat that lies in the future is none, and the next one is sent at once. Calling it again changes
 * nothing.
 */
export function mendHeartbeat(
  ConsumerGroup: ConsumerGroupClass = requireInternal<ConsumerGroupClass>('consumer/consumerGroup'),
): void {
  const { heartbeat } = ConsumerGroup.prototype
  if (mended.has(heartbeat)) return
  const guarded: Heartbeat = function guarded(this: ConsumerGroupState, options) {
    if (this.lastRequest > Date.now()) this.lastRequest = 0
    return heartbeat.call(this, options)
  }
  mended.add(guarded)
  ConsumerGroup.prototype.heartbeat = guarded
}
