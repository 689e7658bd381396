import { headerBytes, recordBytes } from '../model/record.ts'
import type { OutgoingRecord } from '../ports/driver.ts'

/** Outputs of settled records, in the order in which these settled, until a transaction has made them visible. */
export class PendingOutputs {
  #records: OutgoingRecord[] = []
  #bytes = 0

  get count(): number {
    return this.#records.length
  }

  /** What they take in memory. */
  get bytes(): number {
    return this.#bytes
  }

  /** All that there are now. */
  get all(): readonly OutgoingRecord[] {
    return [...this.#records]
  }

  add(records: readonly OutgoingRecord[]): void {
    for (const record of records) {
      this.#records.push(record)
      this.#bytes += bytesOf(record)
    }
  }

  /** The first `count` of them are visible. */
  drop(count: number): void {
    for (const record of this.#records.slice(0, count)) this.#bytes -= bytesOf(record)
    this.#records = this.#records.slice(count)
  }
}

function bytesOf(record: OutgoingRecord): number {
  return recordBytes(record, headerBytes(record.headers))
}
