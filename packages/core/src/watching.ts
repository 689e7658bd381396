import type { ConsumerConfig } from './config/options.ts'
import type { HoldfastError } from './errors/holdfast-error.ts'
import type { TopicPartition } from './model/topic-partition.ts'
import type { AttemptContext } from './pipeline/attempt-context.ts'
import type { Clock } from './ports/clock.ts'
import type { Events } from './ports/events.ts'
import { HeadWatch } from './runtime/head-watch.ts'
import { LoopWatch } from './runtime/loop-watch.ts'
import { PollSizing } from './runtime/poll-sizing.ts'
import { Rounds } from './runtime/rounds.ts'
import { Timeouts } from './runtime/timeouts.ts'
import { Watchdog } from './runtime/watchdog.ts'
import type { Scheduler } from './schedule/scheduler.ts'
import { Deadlines } from './state/deadlines.ts'
import type { PartitionState } from './state/partition-state.ts'
import type { Partitions } from './state/partitions.ts'
import type { Slot, Slots } from './state/slots.ts'

/** A pause by the watchdog ends within so much of its cause. */
const MAX_ROUND_MS = 200
const ROUNDS_PER_TIMEOUT = 50

export interface WatchingPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly slots: Slots
  readonly events: Events
  readonly clock: Clock
  concurrency(): number
  handlerOf(topic: string): { readonly name: string }
  halt(error: HoldfastError, attempt: AttemptContext, state: PartitionState): void
  lose(state: PartitionState, reason: string): void
  release(partition: TopicPartition): void
  replace(slot: Slot): void
  /** This process stood still for so long that its membership is in doubt. */
  blocked(): void
  react(): void
}

/** Constructs all that looks at time, and has it look. */
export class Watching {
  readonly deadlines: Deadlines
  readonly heads: HeadWatch
  readonly #sizing: PollSizing
  readonly #watchdog: Watchdog
  readonly #loop: LoopWatch
  readonly #rounds: Rounds

  constructor(config: ConsumerConfig, ports: WatchingPorts) {
    this.#sizing = new PollSizing(config, { ...ports, slots: () => ports.concurrency() })
    this.deadlines = new Deadlines({
      ...ports,
      ...config,
      foreseenMs: (state, waiting) => this.#sizing.foreseenMs(state, waiting),
    })
    this.heads = new HeadWatch({ ...ports, ...config })
    this.#watchdog = this.#createWatchdog(config, ports)
    const everyMs = Math.max(1, Math.min(MAX_ROUND_MS, config.handlerTimeoutMs / ROUNDS_PER_TIMEOUT))
    this.#loop = new LoopWatch({
      ...ports,
      everyMs,
      limitMs: config.heartbeatIntervalMs,
      runningDuring: (fromMs, toMs) => ports.slots.during(fromMs, toMs),
    })
    this.#rounds = new Rounds({
      ...ports,
      everyMs,
      look: (nowMs) => this.#look(nowMs, ports),
    })
  }

  start(): void {
    this.#rounds.start()
  }

  stop(): void {
    this.#rounds.stop()
  }

  noteArrival(state: PartitionState): void {
    this.#sizing.noteArrival(state)
  }

  noteSettled(state: PartitionState): void {
    this.#sizing.noteSettled(state)
  }

  #look(nowMs: number, { react }: WatchingPorts): void {
    this.#loop.look(nowMs)
    this.#sizing.review()
    this.#watchdog.look(nowMs)
    this.heads.look(nowMs)
    react()
  }

  #createWatchdog(config: ConsumerConfig, ports: WatchingPorts): Watchdog {
    const { scheduler } = ports
    const timeouts = new Timeouts({ ...config, ...ports })
    return new Watchdog({
      ...ports,
      limits: config,
      deadlines: this.deadlines,
      hold: (state) => scheduler.hold(state.queue, 'watchdog'),
      unhold: (state) => scheduler.unhold(state.queue, 'watchdog'),
      timedOut: (slot, attempt) => timeouts.apply(slot, attempt),
    })
  }
}
