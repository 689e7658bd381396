import type { ConsumerRecord } from '../model/record.ts'
import type { RecordSource } from '../model/record-source.ts'

/** Fetched records that wait for admission: batches as they came, of which the first may be used up in part. */
export class RecordBuffer {
  #sources: RecordSource[] = []
  /** How many records of the first batch are taken. */
  #cursor = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Answers how many bytes the records count for. */
  add(source: RecordSource): number {
    this.#sources.push(source)
    this.#length += source.length
    let bytes = 0
    for (let index = 0; index < source.length; index += 1) bytes += source.bytesAt(index)
    return bytes
  }

  /** How many of the first `most` records fit into `maxBytes`; one always does. */
  fit(most: number, maxBytes: number): number {
    let count = 0
    let bytes = 0
    for (const [source, index] of this.#entries()) {
      bytes += source.bytesAt(index)
      if (count === most || (count > 0 && bytes > maxBytes)) break
      count += 1
    }
    return count
  }

  take(count: number): ConsumerRecord[] {
    const records: ConsumerRecord[] = []
    while (records.length < count) {
      const source = this.#sources[0] as RecordSource
      const end = Math.min(source.length, this.#cursor + count - records.length)
      for (let index = this.#cursor; index < end; index += 1) records.push(source.at(index))
      this.#cursor = end
      if (end === source.length) {
        this.#sources.shift()
        this.#cursor = 0
      }
    }
    this.#length -= count
    return records
  }

  clear(): void {
    this.#sources = []
    this.#cursor = 0
    this.#length = 0
  }

  *#entries(): Iterable<readonly [RecordSource, number]> {
    let index = this.#cursor
    for (const source of this.#sources) {
      for (; index < source.length; index += 1) yield [source, index]
      index = 0
    }
  }
}
