import {
  type ConcurrencyBounds,
  type ConcurrencyReason,
  type ControllerState,
  control,
  startController,
} from '../policy/concurrency-controller.ts'
import { isWindowOver } from '../policy/concurrency-window.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Events } from '../ports/events.ts'
import { AttemptMeter } from '../state/attempt-meter.ts'

/** How often the slots are looked at, and whether the window is over. */
const TICK_MS = 200
/** So much of a window the slots must have been the limit. */
const LIMITED_SHARE = 0.75

/** What runs the slots. */
export interface SlotRunner {
  concurrency: number
  /** Told of every attempt that ends. */
  meter: AttemptMeter | undefined
}

export interface ConcurrencyOptions extends ConcurrencyBounds {
  readonly concurrency: number | 'auto'
}

export interface ConcurrencyControlPorts {
  readonly runner: SlotRunner
  readonly slots: { readonly size: number }
  readonly scheduler: { readonly wantsSlots: boolean }
  readonly events: Events
  readonly clock: Clock
  react(): void
}

/**
 * Owns the number of slots. With `auto` it measures the attempts in windows and moves the number as
 * `policy/concurrency-controller.ts` says; with a number it does nothing, and nothing is measured.
 */
export class ConcurrencyControl {
  readonly #bounds: ConcurrencyBounds
  readonly #ports: ConcurrencyControlPorts
  readonly #meter = new AttemptMeter()
  /** Undefined while the number is fixed. */
  #state: ControllerState | undefined
  #isRunning = false
  #timer: Timer | undefined
  #windowStartMs = 0
  #ticks = 0
  #limitedTicks = 0

  constructor(options: ConcurrencyOptions, ports: ConcurrencyControlPorts) {
    const { concurrency } = options
    this.#bounds = options
    this.#ports = ports
    this.#state = concurrency === 'auto' ? startController(options) : undefined
    ports.runner.concurrency = this.#state?.slots ?? (concurrency as number)
  }

  start(): void {
    this.#isRunning = true
    if (this.#state !== undefined) this.#measure()
  }

  stop(): void {
    this.#isRunning = false
    this.#rest()
  }

  /** Fixes the number, or lets it move again from where it is. */
  set(concurrency: number | 'auto'): void {
    this.#rest()
    this.#state = concurrency === 'auto' ? startController(this.#bounds, this.#ports.runner.concurrency) : undefined
    this.#change(this.#state?.slots ?? (concurrency as number), 'set')
    if (this.#isRunning && this.#state !== undefined) this.#measure()
  }

  #measure(): void {
    this.#ports.runner.meter = this.#meter
    this.#beginWindow()
    this.#wait()
  }

  #rest(): void {
    this.#timer?.clear()
    this.#ports.runner.meter = undefined
  }

  #wait(): void {
    this.#timer = this.#ports.clock.setTimer(() => {
      this.#wait()
      this.#tick()
    }, TICK_MS)
  }

  #tick(): void {
    const { runner, slots, scheduler, clock } = this.#ports
    this.#ticks += 1
    if (slots.size >= runner.concurrency && scheduler.wantsSlots) this.#limitedTicks += 1
    const { succeeded, failed } = this.#meter
    const isOver = isWindowOver({
      elapsedMs: clock.now() - this.#windowStartMs,
      slots: runner.concurrency,
      attempts: succeeded.count + failed.count,
      attemptMs: succeeded.ms + failed.ms,
    })
    if (isOver) this.#endWindow()
  }

  #endWindow(): void {
    if (this.#state === undefined) return
    const sample = {
      isLimited: this.#limitedTicks >= LIMITED_SHARE * this.#ticks,
      failed: this.#meter.failed.count,
      latency: { ...this.#meter.succeeded },
    }
    const { state, reason } = control(this.#state, sample, this.#bounds)
    this.#state = state
    this.#beginWindow()
    if (reason !== undefined) this.#change(state.slots, reason)
  }

  #beginWindow(): void {
    this.#meter.reset()
    this.#windowStartMs = this.#ports.clock.now()
    this.#ticks = 0
    this.#limitedTicks = 0
  }

  #change(to: number, reason: ConcurrencyReason | 'set'): void {
    const { runner, events, react } = this.#ports
    const from = runner.concurrency
    if (from === to) return
    runner.concurrency = to
    events.emit('concurrency:changed', { from, to, reason })
    react()
  }
}
