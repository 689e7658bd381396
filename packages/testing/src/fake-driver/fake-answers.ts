import type { DriverAnswers } from '@holdfast/core'

/** A client in this process hears of its broker whenever it is looked at, for as long as it lives. */
export class FakeAnswers implements DriverAnswers {
  readonly isJoining = false
  readonly #isAlive: () => boolean
  #looks = 0

  constructor(isAlive: () => boolean) {
    this.#isAlive = isAlive
  }

  get total(): number {
    if (this.#isAlive()) this.#looks += 1
    return this.#looks
  }

  fetchesOf(): number {
    return this.total
  }
}
