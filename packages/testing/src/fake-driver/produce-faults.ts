import type { HoldfastError } from '@holdfast/core'

/** What goes wrong with produce requests: errors in their order, and answers that are held back. */
export class ProduceFaults {
  #errors: HoldfastError[] = []
  #held: PromiseWithResolvers<void> | undefined

  /** The next requests get this error, and write nothing. */
  fail(error: HoldfastError, times: number): void {
    for (let count = 0; count < times; count += 1) this.#errors.push(error)
  }

  next(): HoldfastError | undefined {
    return this.#errors.shift()
  }

  /** Requests that arrive from now on wait until the answer of this call is called. */
  hold(): () => void {
    const held = Promise.withResolvers<void>()
    this.#held = held
    return () => {
      if (this.#held === held) this.#held = undefined
      held.resolve()
    }
  }

  /** Undefined where nothing is held. */
  get held(): Promise<void> | undefined {
    return this.#held?.promise
  }
}
