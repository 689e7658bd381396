import type { AttemptContext } from '../pipeline/attempt-context.ts'
import { type DeadlineRung, rungsReached } from '../policy/deadline.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Events } from '../ports/events.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Slot, Slots } from '../state/slots.ts'

const MAX_TICK_MS = 1_000
const TICKS_PER_INTERVAL = 50

export interface WatchdogPorts {
  readonly slots: Slots
  readonly events: Events
  readonly clock: Clock
  readonly maxPollIntervalMs: number
  hold(state: PartitionState): void
  unhold(state: PartitionState): void
  react(): void
}

/** Looks at the ages of running attempts: warns, pauses the partition, and aborts at `maxPollIntervalMs`. */
export class Watchdog {
  readonly #ports: WatchdogPorts
  readonly #climbed = new WeakMap<AttemptContext, Set<DeadlineRung>>()
  #held = new Set<PartitionState>()
  #timer: Timer | undefined

  constructor(ports: WatchdogPorts) {
    this.#ports = ports
  }

  start(): void {
    const { clock, maxPollIntervalMs } = this.#ports
    this.#timer = clock.setTimer(
      () => {
        this.look()
        this.start()
      },
      Math.max(1, Math.min(MAX_TICK_MS, maxPollIntervalMs / TICKS_PER_INTERVAL)),
    )
  }

  stop(): void {
    this.#timer?.clear()
  }

  look(): void {
    const nowMs = this.#ports.clock.now()
    const late = new Set<PartitionState>()
    for (const slot of this.#ports.slots) {
      if (slot.current === undefined) continue
      const ageMs = nowMs - slot.current.startedMs
      const reached = rungsReached(ageMs, this.#ports.maxPollIntervalMs)
      for (const rung of reached) this.#climb(slot, slot.current, rung, ageMs)
      if (reached.includes('pause')) late.add(slot.state)
    }
    for (const state of this.#held) if (!late.has(state)) this.#ports.unhold(state)
    this.#held = late
    this.#ports.react()
  }

  #climb(slot: Slot, attempt: AttemptContext, rung: DeadlineRung, ageMs: number): void {
    const climbed = this.#climbed.get(attempt) ?? new Set()
    if (climbed.has(rung)) return
    this.#climbed.set(attempt, climbed.add(rung))
    const { maxPollIntervalMs } = this.#ports
    this.#ports.events.emit('attempt:late', { ...attempt.event, rung, ageMs, maxPollIntervalMs })
    if (rung === 'pause') this.#ports.hold(slot.state)
    if (rung === 'abort') attempt.abort('deadline')
  }
}
