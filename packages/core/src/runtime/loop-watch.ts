import type { AttemptContext } from '../pipeline/attempt-context.ts'
import type { Events } from '../ports/events.ts'

export interface LoopWatchPorts {
  readonly events: Events
  /** How often it looks. */
  readonly everyMs: number
  /** From this length on a heartbeat may have been missed. */
  readonly limitMs: number
  /** The attempts that ran in the middle of a time. */
  runningDuring(fromMs: number, toMs: number): AttemptContext[]
  blocked(): void
}

/**
 * Notices that the event loop stood still, by how late it looks itself: nothing of this process ran meanwhile, heartbeats
 * neither.
 */
export class LoopWatch {
  readonly #ports: LoopWatchPorts
  #dueMs: number | undefined

  constructor(ports: LoopWatchPorts) {
    this.#ports = ports
  }

  look(nowMs: number): void {
    const { everyMs, limitMs, events, runningDuring, blocked } = this.#ports
    const dueMs = this.#dueMs ?? nowMs
    this.#dueMs = nowMs + everyMs
    const durationMs = nowMs - dueMs
    if (durationMs < limitMs) return
    blocked()
    const attempts = runningDuring(dueMs, nowMs).map(({ event }) => event)
    events.emit('loop:blocked', { durationMs, attempts })
  }
}
