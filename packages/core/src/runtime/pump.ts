import type { Clock, Timer } from '../ports/clock.ts'
import type { Driver } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { Command } from '../schedule/command.ts'
import type { PollBatch } from '../schedule/partition-queue.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'

export interface PumpPorts {
  readonly scheduler: Scheduler
  readonly partitions: Partitions
  readonly events: Events
  readonly clock: Clock
  admit(pollBatch: PollBatch): void
  /** Says what is held now, before it is decided what to do. */
  review(): void
  driver(): Driver | undefined
  /** Lanes may be ready: put free slots to work. */
  fillSlots(): void
  /** A decision could not be carried out. */
  broken(error: unknown): void
}

/** Carries out what the scheduler decides. Every event of a consumer ends in `react`. */
export class Pump {
  readonly #ports: PumpPorts
  #isReacting = false
  #isStale = false
  #isDue = false
  #timer: Timer | undefined
  #isStopped = false

  constructor(ports: PumpPorts) {
    this.#ports = ports
  }

  /** Carrying out a decision can cause the next event; it is then taken up in the same call, not inside it. */
  react(): void {
    this.#isStale = true
    if (this.#isReacting) return
    this.#isReacting = true
    try {
      while (this.#isStale) {
        this.#isStale = false
        this.#wake(undefined)
        this.#ports.review()
        const commands = this.#ports.scheduler.decide(this.#ports.clock.now())
        for (const command of commands) this.#carryOut(command)
        this.#ports.fillSlots()
        if (commands.some(({ type }) => type === 'admit') && this.#ports.scheduler.isStarving) this.#isStale = true
      }
    } catch (error) {
      this.#ports.broken(error)
    } finally {
      this.#isReacting = false
    }
  }

  /** As `react`, after what runs now has returned: for what a handler causes while it is on the stack. */
  reactSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.react()
    })
  }

  /** Wakes up no more; what comes back late is still taken up. */
  stop(): void {
    this.#isStopped = true
    this.#wake(undefined)
  }

  #carryOut(command: Command): void {
    switch (command.type) {
      case 'admit':
        return this.#admit(command.pollBatch)
      case 'pause':
        return this.#pause(this.#ports.partitions.ofQueue(command.queue))
      case 'resume':
        return this.#resume(this.#ports.partitions.ofQueue(command.queue))
      case 'wakeAt':
        return this.#wake(command.atMs)
    }
  }

  #admit(pollBatch: PollBatch): void {
    const { partitions, clock, admit } = this.#ports
    const { queue, endOffset, isExtra } = pollBatch
    if (!isExtra) partitions.ofQueue(queue)?.noteAdmission(endOffset, clock.now())
    admit(pollBatch)
  }

  #pause(state: PartitionState | undefined): void {
    if (state === undefined) return
    this.#ports.driver()?.pause([state])
    this.#ports.events.emit('partition:paused', { ...state.name, causes: [...state.queue.holds] })
  }

  #resume(state: PartitionState | undefined): void {
    if (state === undefined) return
    this.#ports.driver()?.resume([state])
    this.#ports.events.emit('partition:resumed', state.name)
  }

  #wake(atMs: number | undefined): void {
    this.#timer?.clear()
    this.#timer = undefined
    if (atMs === undefined || this.#isStopped) return
    this.#timer = this.#ports.clock.setTimer(() => this.react(), atMs - this.#ports.clock.now())
  }
}
