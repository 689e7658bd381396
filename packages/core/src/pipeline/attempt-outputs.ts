import type { OutgoingRecord } from '../ports/driver.ts'

interface Produced {
  /** The record that it follows from; undefined: the whole delivery. */
  readonly offset: number | undefined
  readonly output: OutgoingRecord
}

/** What one attempt has produced. It counts for what the attempt settles, and is gone with the attempt otherwise. */
export class AttemptOutputs {
  #produced: Produced[] = []

  /** Whether there are outputs that stand for the whole delivery. */
  get hasShared(): boolean {
    return this.#produced.some(({ offset }) => offset === undefined)
  }

  add(outputs: readonly OutgoingRecord[], offset: number | undefined): void {
    for (const output of outputs) this.#produced.push({ offset, output })
  }

  /** Takes out what follows from these records, and what stands for all. */
  take(offsets: ReadonlySet<number>): OutgoingRecord[] {
    const isTaken = ({ offset }: Produced): boolean => offset === undefined || offsets.has(offset)
    const taken = this.#produced.filter(isTaken)
    this.#produced = this.#produced.filter((produced) => !isTaken(produced))
    return taken.map(({ output }) => output)
  }
}
