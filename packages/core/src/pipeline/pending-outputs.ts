import type { Progress } from '../model/progress.ts'
import { headerBytes, recordBytes } from '../model/record.ts'
import type { OutgoingRecord } from '../ports/driver.ts'
import type { Shrinking } from './dead-letter.ts'
import type { PendingLetter } from './pending-letter.ts'

/** A dead letter, and what may be committed without it. */
interface Held {
  readonly letter: PendingLetter
  /** As of the instant before its record was settled. */
  readonly before: Progress
  shrinking: Shrinking
}

interface Entry {
  output: OutgoingRecord
  readonly held: Held | undefined
}

/** What could be committed at an earlier instant: that was settled, and these outputs were pending. */
export interface Earlier {
  readonly outputs: readonly OutgoingRecord[]
  readonly progress: Progress
}

/**
 * Outputs of settled records, in the order in which these settled, until a transaction has made them visible. Dead letters
 * are among them, each with what could be committed before it: one that its topic does not take holds back nothing of that.
 */
export class PendingOutputs {
  #entries: Entry[] = []
  #bytes = 0

  get count(): number {
    return this.#entries.length
  }

  /** What they take in memory. */
  get bytes(): number {
    return this.#bytes
  }

  /** All that there are now. */
  get all(): readonly OutgoingRecord[] {
    return this.#entries.map(({ output }) => output)
  }

  add(records: readonly OutgoingRecord[]): void {
    for (const output of records) this.#push({ output, held: undefined })
  }

  /** The record of the letter is settled next; `before` is what may be committed until then. */
  addLetter(letter: PendingLetter, before: Progress): void {
    this.#push({ output: letter.form(0), held: { letter, before, shrinking: 0 } })
  }

  /** The first `count` of them are visible; answers the letters among these. */
  drop(count: number): PendingLetter[] {
    const dropped = this.#entries.slice(0, count)
    this.#entries = this.#entries.slice(count)
    for (const { output } of dropped) this.#bytes -= bytesOf(output)
    return dropped.flatMap(({ held }) => (held === undefined ? [] : [held.letter]))
  }

  /** The first letter among these outputs, which are pending. */
  letterAmong(outputs: readonly OutgoingRecord[]): PendingLetter | undefined {
    const sought = new Set(outputs)
    return this.#entries.find(({ output, held }) => held !== undefined && sought.has(output))?.held?.letter
  }

  /** What may be committed without the letter and all that settled after it; undefined where it is not pending. */
  before(letter: PendingLetter): Earlier | undefined {
    const index = this.#entries.findIndex(({ held }) => held?.letter === letter)
    const held = this.#entries[index]?.held
    if (held === undefined) return undefined
    return { outputs: this.#entries.slice(0, index).map(({ output }) => output), progress: held.before }
  }

  /**
   * The topic of the letter finds it too large. It, and all others for that topic which are no smaller, get their next smaller
   * forms. False where it has none: then all are as they were at first.
   */
  shrink(letter: PendingLetter): boolean {
    const tooLarge = this.#entries.find(({ held }) => held?.letter === letter)
    if (tooLarge === undefined) return false
    const limit = lengthOf(tooLarge.output)
    const alike = this.#entries.filter(
      ({ held, output }) => held !== undefined && output.topic === tooLarge.output.topic && lengthOf(output) >= limit,
    )
    for (const entry of alike) this.#reform(entry, (held) => smaller(held, limit))
    if (lengthOf(tooLarge.output) < limit) return true
    for (const entry of alike) this.#reform(entry, () => 0)
    return false
  }

  #push(entry: Entry): void {
    this.#entries.push(entry)
    this.#bytes += bytesOf(entry.output)
  }

  #reform(entry: Entry, shrinkingOf: (held: Held) => Shrinking): void {
    const held = entry.held as Held
    this.#bytes -= bytesOf(entry.output)
    held.shrinking = shrinkingOf(held)
    entry.output = held.letter.form(held.shrinking)
    this.#bytes += bytesOf(entry.output)
  }
}

/** How much is left out so that the letter is below the limit; where nothing more can be, all that can. */
function smaller({ letter, shrinking }: Held, limit: number): Shrinking {
  let next = shrinking
  while (lengthOf(letter.form(next)) >= limit && letter.canShrink(next)) next += 1
  return next
}

/** What it takes in a log, but for lengths. */
function lengthOf({ key, value, headers }: OutgoingRecord): number {
  return headers.reduce(
    (sum, [name, text]) => sum + Buffer.byteLength(name) + (text?.length ?? 0),
    (key?.length ?? 0) + (value?.length ?? 0),
  )
}

function bytesOf(record: OutgoingRecord): number {
  return recordBytes(record, headerBytes(record.headers))
}
