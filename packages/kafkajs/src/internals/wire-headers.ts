import type { HeaderEntry } from '@holdfast/core'
import type { IHeaders } from './kafkajs.ts'

/** One header as kafkajs's encoder asks for it. */
interface EncodedHeader {
  readonly key: string
  readonly value: Buffer | null
}

const EMPTY = Buffer.alloc(0)
/** The encoder looks twice at a value to know its size, of which the first look throws for null; the third one is written. */
const SIZE_READS = 2

/**
 * A null value. kafkajs cannot size one, but an empty value has the same size; only what is written differs.
 */
class NullHeader implements EncodedHeader {
  readonly key: string
  #reads = 0

  constructor(key: string) {
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
    entries.map(([key, value]) => (value === null ? new NullHeader(key) : { key, value }))
  return { '': Object.defineProperty<Buffer[]>([], 'map', { value: encoded }) }
}
