import type { AttemptContext } from '../pipeline/attempt-context.ts'
import type { Events } from '../ports/events.ts'
import type { LoopDelay } from '../ports/loop-delay.ts'

export interface LoopWatchPorts {
  readonly events: Events
  readonly delay: LoopDelay
  /** From this length on a heartbeat may have been missed. */
  readonly limitMs: number
  /** The attempts that ran during all of a time. */
  runningDuring(fromMs: number, toMs: number): AttemptContext[]
  blocked(): void
}

/** Notices that the event loop stood still, after the fact: nothing of this process ran meanwhile, heartbeats neither. */
export class LoopWatch {
  readonly #ports: LoopWatchPorts
  #lastMs: number | undefined

  constructor(ports: LoopWatchPorts) {
    this.#ports = ports
  }

  start(): void {
    this.#ports.delay.start()
  }

  stop(): void {
    this.#ports.delay.stop()
  }

  look(nowMs: number): void {
    const { delay, limitMs, events, runningDuring, blocked } = this.#ports
    const durationMs = delay.takeLongestMs()
    const fromMs = this.#lastMs ?? nowMs
    this.#lastMs = nowMs
    if (durationMs < limitMs) return
    blocked()
    // It began after the last look, and has ended by now.
    const attempts = runningDuring(nowMs - durationMs, fromMs + durationMs).map(({ event }) => event)
    events.emit('loop:blocked', { durationMs, attempts })
  }
}
