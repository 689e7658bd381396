import type { Clock, Timer } from '../ports/clock.ts'

/** What is looked at in every round, in this order. */
export interface RoundsPorts {
  readonly clock: Clock
  readonly everyMs: number
  look(nowMs: number): void
}

/** Looks at what no event tells: ages, sizes, a loop that stood still. */
export class Rounds {
  readonly #ports: RoundsPorts
  #timer: Timer | undefined

  constructor(ports: RoundsPorts) {
    this.#ports = ports
  }

  start(): void {
    this.#ports.look(this.#ports.clock.now())
    this.#next()
  }

  #next(): void {
    const { clock, everyMs, look } = this.#ports
    this.#timer = clock.setTimer(() => {
      look(clock.now())
      this.#next()
    }, everyMs)
  }

  stop(): void {
    this.#timer?.clear()
  }
}
