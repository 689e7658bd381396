import type { HoldfastError } from '@holdfast/core'
import { Hold } from './hold.ts'

/** What goes wrong with requests of one kind, such as to produce: errors in their order, and answers that are held back. */
export class ProduceFaults {
  #errors: HoldfastError[] = []
  /** Answers that are held back. */
  readonly answers: Hold = new Hold()

  /** The next requests get this error, and write nothing. */
  fail(error: HoldfastError, times: number): void {
    for (let count = 0; count < times; count += 1) this.#errors.push(error)
  }

  next(): HoldfastError | undefined {
    return this.#errors.shift()
  }
}
