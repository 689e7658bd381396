import { InternalFault } from '../internals/fault.ts'

const INITIAL_BYTES = 256
const LONGEST_STRING = 0x7fff

/** Writes Kafka's plain types (big-endian, not the compact ones) into a buffer that grows. */
export class WireWriter {
  #buffer: Buffer = Buffer.allocUnsafe(INITIAL_BYTES)
  #length = 0

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  int16(value: number): void {
    const at = this.#extend(2)
    this.#buffer.writeInt16BE(value, at)
  }

  int32(value: number): void {
    const at = this.#extend(4)
    this.#buffer.writeInt32BE(value, at)
  }

  nullableString(text: string | null): void {
    if (text === null) return this.int16(-1)
    const length = Buffer.byteLength(text)
    if (length > LONGEST_STRING) throw new InternalFault('HF_PROTOCOL', `a string of ${length} bytes does not fit`)
    this.int16(length)
    const at = this.#extend(length)
    this.#buffer.write(text, at)
  }

  nullableBytes(bytes: Buffer | null): void {
    if (bytes === null) return this.int32(-1)
    this.int32(bytes.length)
    const at = this.#extend(bytes.length)
    bytes.copy(this.#buffer, at)
  }

  #extend(count: number): number {
    const start = this.#length
    this.#length += count
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, 2 * this.#buffer.length))
      this.#buffer.copy(larger, 0, 0, start)
      this.#buffer = larger
    }
    return start
  }
}

/** Reads the same types from bytes that anybody may have written: what does not fit is a fault that says where. */
export class WireReader {
  readonly #bytes: Buffer
  readonly #what: string
  #offset = 0

  /** `what` the bytes are, as a fault names it. */
  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes
    this.#what = what
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  int16(field: string): number {
    return this.#bytes.readInt16BE(this.#take(2, field))
  }

  int32(field: string): number {
    return this.#bytes.readInt32BE(this.#take(4, field))
  }

  string(field: string): string {
    const text = this.nullableString(field)
    if (text === null) throw this.#fault(field, 'is null')
    return text
  }

  nullableString(field: string): string | null {
    const length = this.int16(field)
    if (length < 0) return this.#nothing(length, field)
    const start = this.#take(length, field)
    return this.#bytes.toString('utf8', start, start + length)
  }

  nullableBytes(field: string): Buffer | null {
    const length = this.int32(field)
    if (length < 0) return this.#nothing(length, field)
    const start = this.#take(length, field)
    return this.#bytes.subarray(start, start + length)
  }

  /** How many entries follow, of which each takes at least `leastBytes`: a count that cannot be true reserves nothing. */
  count(field: string, leastBytes: number): number {
    const count = this.int32(field)
    if (count < 0 || count * leastBytes > this.remaining)
      throw this.#fault(field, `claims ${count} entries with ${this.remaining} bytes left`)
    return count
  }

  #nothing(length: number, field: string): null {
    if (length === -1) return null
    throw this.#fault(field, `has the length ${length}`)
  }

  #take(count: number, field: string): number {
    if (count > this.remaining) throw this.#fault(field, `needs ${count} bytes and has ${this.remaining}`)
    const start = this.#offset
    this.#offset += count
    return start
  }

  #fault(field: string, trouble: string): InternalFault {
    return new InternalFault('HF_PROTOCOL', `${this.#what}: ${field} ${trouble} (byte ${this.#offset})`)
  }
}
