import type { LifecycleState } from '../model/lifecycle.ts'
import {
  type CircuitFacts,
  type Health,
  type HealthFacts,
  type HealthLimits,
  judgeHealth,
  type PartitionFacts,
} from '../policy/health.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { DriverAnswers } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'
import { lagOf, ProgressTimes } from '../state/progress-times.ts'

/** What happens between two looks is noticed by the second one, and judged by the one after: two of them are a second. */
const TICK_MS = 500
/** Time between two looks beyond this does not count: a process that did not run, or did not turn its loop, could not listen. */
const MAX_STEP_MS = 2 * TICK_MS

export interface HealthWatchPorts {
  readonly partitions: Partitions
  readonly events: Events
  readonly clock: Clock
  state(): LifecycleState
  failure(): unknown
  isMember(): boolean
  commitFailures(): number
  hasFreeSlot(): boolean
  circuits(): readonly CircuitFacts[]
  /** Undefined before the start. */
  answers(): DriverAnswers | undefined
}

/**
 * Looks at what progresses, every half a second and whenever it is asked, and tells when the health changes.
 *
 * Its time is that in which it looks (`MAX_STEP_MS`), so that a process that was frozen, or whose event loop was blocked,
 * does not take its own absence for the silence of others.
 */
export class HealthWatch {
  readonly #ports: HealthWatchPorts
  readonly #limits: HealthLimits
  readonly #times = new WeakMap<PartitionState, ProgressTimes>()
  #timer: Timer | undefined
  #told: Health['status'] = 'starting'
  #lookedMs: number
  #nowMs = 0
  #answers = -1
  #answeredMs = 0
  #outsideSinceMs: number | undefined
  #commitFailures = 0
  #failingSinceMs: number | undefined

  constructor(limits: HealthLimits, ports: HealthWatchPorts) {
    this.#limits = limits
    this.#ports = ports
    this.#lookedMs = ports.clock.now()
    ports.events.on('consumer:state', () => this.#tell())
  }

  start(): void {
    this.#timer = this.#ports.clock.setTimer(() => {
      this.#tell()
      this.start()
    }, TICK_MS)
  }

  stop(): void {
    this.#timer?.clear()
  }

  /** As of now. */
  get health(): Health {
    this.#look()
    return judgeHealth(this.#facts(), this.#limits)
  }

  #tell(): void {
    const { status: to, reasons } = this.health
    const from = this.#told
    if (from === to) return
    this.#told = to
    this.#ports.events.emit('health:changed', { from, to, reasons })
  }

  #look(): void {
    const { clock, partitions } = this.#ports
    const nowMs = clock.now()
    this.#nowMs += Math.min(nowMs - this.#lookedMs, MAX_STEP_MS)
    this.#lookedMs = nowMs
    const answers = this.#ports.answers()
    this.#lookAtBrokers(answers)
    const hasFreeSlot = this.#ports.hasFreeSlot()
    for (const state of partitions) {
      this.#timesOf(state).look(state, {
        nowMs: this.#nowMs,
        hasSlot: hasFreeSlot || state.running > 0,
        isJoining: answers?.isJoining ?? false,
        fetches: answers?.fetchesOf(state) ?? 0,
      })
    }
  }

  #lookAtBrokers(answers: DriverAnswers | undefined): void {
    const total = answers?.total ?? 0
    if (total !== this.#answers || this.#ports.state() !== 'running') this.#answeredMs = this.#nowMs
    this.#answers = total
    this.#outsideSinceMs = this.#ports.isMember() ? undefined : (this.#outsideSinceMs ?? this.#nowMs)
    const failures = this.#ports.commitFailures()
    // Fewer than before: there was an answer in between.
    if (failures === 0 || failures < this.#commitFailures) this.#failingSinceMs = undefined
    if (failures > 0) this.#failingSinceMs ??= this.#nowMs
    this.#commitFailures = failures
  }

  #timesOf(state: PartitionState): ProgressTimes {
    const known = this.#times.get(state)
    if (known !== undefined) return known
    const times = new ProgressTimes(this.#nowMs)
    this.#times.set(state, times)
    return times
  }

  #facts(): HealthFacts {
    const { partitions, state, failure } = this.#ports
    return {
      state: state(),
      failure: failure(),
      unansweredMs: this.#ageOf(this.#answeredMs),
      isJoining: this.#ports.answers()?.isJoining ?? false,
      outsideMs: this.#outsideSinceMs === undefined ? undefined : this.#ageOf(this.#outsideSinceMs),
      commitsFailingMs: this.#failingSinceMs === undefined ? undefined : this.#ageOf(this.#failingSinceMs),
      partitions: [...partitions].map((partition) => this.#partitionFacts(partition)),
      circuits: this.#ports.circuits(),
    }
  }

  #ageOf(sinceMs: number): number {
    return Math.floor(this.#nowMs - sinceMs)
  }

  #partitionFacts(state: PartitionState): PartitionFacts {
    const times = this.#timesOf(state)
    return {
      topic: state.topic,
      partition: state.partition,
      lag: lagOf(state),
      halted: state.haltedBy?.message,
      isHeldByDeadLetter: state.queue.holds.has('dead letter') || state.queue.holds.has('quarantine'),
      isHeldByRetryTopic: state.queue.holds.has('retry topic'),
      lack: lackOf(state),
      isHeldByWatchdog: state.queue.holds.has('watchdog'),
      isHeldByBackpressure: state.queue.holds.has('backpressure'),
      idleMs: this.#ageOf(times.progressMs),
      unansweredMs: this.#ageOf(times.answeredMs),
    }
  }
}

function lackOf({ waitsFor }: PartitionState): PartitionFacts['lack'] {
  return waitsFor && { dependency: waitsFor.dependency, cause: waitsFor.message }
}
