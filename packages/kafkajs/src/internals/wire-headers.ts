import type { HeaderEntry } from '@holdfast/core'
import { nameBytesOf } from './headers.ts'
import { type IHeaders, requireInternal } from './kafkajs.ts'

/** Bytes where a name is not UTF-8. */
type Name = string | Buffer

/** One header as kafkajs's encoder asks for it. */
interface EncodedHeader {
  readonly key: Name
  readonly value: Buffer | null
}

const EMPTY = Buffer.alloc(0)
/** The encoder looks twice at a value to know its size, of which the first look throws for null; the third one is written. */
const SIZE_READS = 2

/**
 * A null value. kafkajs cannot size one, but an empty value has the same size; only what is written differs.
 */
class NullHeader implements EncodedHeader {
  readonly key: Name
  #reads = 0

  constructor(key: Name) {
    this.key = key
  }

  get value(): Buffer | null {
    this.#reads += 1
    return this.#reads <= SIZE_READS ? EMPTY : null
  }
}

/**
 * Headers that kafkajs writes as they are: in this order, with repeated names, null values, and names of any kind. It maps
 * the list of values of a name to headers of that name; this list answers with headers of its own, anew for every encoding,
 * since a request may be repeated.
 */
export function wireHeaders(entries: readonly HeaderEntry[]): IHeaders {
  const encoded = (): EncodedHeader[] =>
    entries.map((entry) => {
      const [name, value] = entry
      const key = nameBytesOf(entry) ?? name
      return value === null ? new NullHeader(key) : { key, value }
    })
  return { '': Object.defineProperty<Buffer[]>([], 'map', { value: encoded }) }
}

interface EncoderClass {
  readonly prototype: { writeVarIntString: NameWriter; writeVarIntBytes: NameWriter }
}
type NameWriter = (this: unknown, value: unknown) => unknown

const mended = new WeakSet<NameWriter>()

/** Lets a name be bytes; kafkajs writes nothing else by that method. Calling it again changes nothing. */
export function mendHeaderNames(Encoder: EncoderClass = requireInternal<EncoderClass>('protocol/encoder')): void {
  const { writeVarIntString: original, writeVarIntBytes } = Encoder.prototype
  if (mended.has(original)) return
  function writeVarIntString(this: unknown, value: unknown): unknown {
    return Buffer.isBuffer(value) ? writeVarIntBytes.call(this, value) : original.call(this, value)
  }
  mended.add(writeVarIntString)
  Encoder.prototype.writeVarIntString = writeVarIntString
}
