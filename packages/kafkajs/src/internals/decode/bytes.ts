/** Bytes that end before what they announce. */
export class Truncated extends RangeError {
  override readonly name = 'Truncated'
}

/** Reads Kafka's types from bytes; unlike kafkajs's decoder it never reads past the end, and takes no length on trust. */
export class Bytes {
  readonly buffer: Buffer
  offset: number

  constructor(buffer: Buffer, offset = 0) {
    this.buffer = buffer
    this.offset = offset
  }

  get left(): number {
    return this.buffer.length - this.offset
  }

  int8(): number {
    return this.buffer.readInt8(this.#forward(1))
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#forward(2))
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#forward(4))
  }

  int64(): bigint {
    return this.buffer.readBigInt64BE(this.#forward(8))
  }

  string(): string {
    const length = this.int16()
    return this.take(length, 'a text').toString('utf8')
  }

  /** The next `length` bytes, without a copy. */
  take(length: number, what: string): Buffer {
    if (length < 0 || length > this.left) throw new Truncated(`${what} of ${length} bytes in ${this.left}`)
    const start = this.#forward(length)
    return this.buffer.subarray(start, start + length)
  }

  /** An array; null counts as empty. No element takes less than `smallest` bytes. */
  array<T>(what: string, smallest: number, read: () => T): T[] {
    const length = this.int32()
    if (length === -1) return []
    if (length < 0 || length * smallest > this.left) throw new Truncated(`${length} ${what} in ${this.left} bytes`)
    return Array.from({ length }, read)
  }

  #forward(length: number): number {
    if (length > this.left) throw new Truncated(`${length} bytes are wanted, and ${this.left} are left`)
    const start = this.offset
    this.offset += length
    return start
  }
}
