import { headerBytes } from '@holdfast/core'
import { InternalFault } from './fault.ts'
import { requireInternal } from './kafkajs.ts'

/** One header as it stood on the wire. */
export type RawHeader = readonly [name: string, value: Buffer | null]
export type RawHeaders = readonly RawHeader[]

/** What the mend uses of kafkajs's `Decoder`. */
export interface HeaderBytes {
  readonly buffer: Buffer
  offset: number
  readVarInt(): number
}

type HeaderValue = Buffer | null | (Buffer | null)[]
type ArrayReader = (this: HeaderBytes, reader: unknown) => unknown

export interface DecoderClass {
  readonly prototype: { readVarIntArray: ArrayReader }
}

const NO_HEADERS: RawHeaders = Object.freeze([])
/** A header takes two length bytes at least: more of them than that is a lie about the count. */
const SMALLEST_HEADER_BYTES = 2

/**
 * The object kafkajs hands out as `message.headers`. The wire order sits in a private field: it is
 * invisible to enumeration and copies, and costs less per record than a symbol property or a
 * WeakMap. The prototype is emptied, so that a header named `constructor` or `__proto__` is an own
 * key like any other and a header that is not there reads as undefined.
 */
class HeaderBag {
  [name: string]: HeaderValue
  readonly #wire: RawHeaders
  #bytes: number | undefined

  constructor(wire: RawHeaders) {
    this.#wire = wire
  }

  static wireOf(headers: object): RawHeaders | undefined {
    return #wire in headers ? headers.#wire : undefined
  }

  static bytesOf(headers: object): number | undefined {
    if (!(#bytes in headers)) return undefined
    headers.#bytes ??= headerBytes(headers.#wire)
    return headers.#bytes
  }
}
Reflect.deleteProperty(HeaderBag.prototype, 'constructor')
Object.setPrototypeOf(HeaderBag.prototype, null)

/** kafkajs folds the decoded headers with `reduce`, copying the object for each of them. */
class DecodedHeaders {
  readonly #bag: HeaderBag

  constructor(wire: RawHeaders) {
    const bag = new HeaderBag(wire)
    for (const [name, value] of wire) {
      const present = bag[name]
      if (present === undefined) bag[name] = value
      else if (Array.isArray(present)) present.push(value)
      else bag[name] = [present, value]
    }
    this.#bag = bag
  }

  reduce(): object {
    return this.#bag
  }
}

function corrupt(reason: string, details: Readonly<Record<string, unknown>>): InternalFault {
  return new InternalFault('HF_CODEC', `a record's headers cannot be decoded: ${reason}`, details)
}

function readHeader(bytes: HeaderBytes): RawHeader {
  const { buffer } = bytes
  const nameBytes = bytes.readVarInt()
  const nameStart = bytes.offset
  const nameEnd = nameStart + nameBytes
  if (nameBytes < 0 || nameEnd > buffer.length) throw corrupt('bad name length', { nameBytes })
  bytes.offset = nameEnd
  const valueBytes = bytes.readVarInt()
  const valueStart = bytes.offset
  const valueEnd = valueStart + Math.max(valueBytes, 0)
  // A truncated length also shows here: reading past the end moves the offset past it.
  if (valueBytes < -1 || valueEnd > buffer.length) throw corrupt('bad value length', { valueBytes })
  bytes.offset = valueEnd
  const name = buffer.toString('utf8', nameStart, nameEnd)
  const header: RawHeader = [name, valueBytes === -1 ? null : buffer.subarray(valueStart, valueEnd)]
  if (name.includes(REPLACEMENT)) keepName(header, buffer.subarray(nameStart, nameEnd))
  return header
}

/** What stands in a text for bytes that are not UTF-8. */
const REPLACEMENT = '\ufffd'
const namesOfNoText = new WeakMap<RawHeader, Buffer>()

function keepName(header: RawHeader, bytes: Buffer): void {
  if (!Buffer.from(header[0]).equals(bytes)) namesOfNoText.set(header, bytes)
}

/** The bytes of a name that is not UTF-8, for as long as its header is handed on as it is; undefined for any other. */
export function nameBytesOf(header: RawHeader): Buffer | undefined {
  return namesOfNoText.get(header)
}

function readHeaders(bytes: HeaderBytes): RawHeaders | DecodedHeaders {
  const count = bytes.readVarInt()
  // An empty array folds to kafkajs's own fresh `{}`.
  if (count === 0 || count === -1) return NO_HEADERS
  const remainingBytes = bytes.buffer.length - bytes.offset
  if (count < 0 || count * SMALLEST_HEADER_BYTES > remainingBytes) {
    throw corrupt(`${count} headers in ${remainingBytes} bytes`, { count, remainingBytes })
  }
  const wire: RawHeader[] = []
  for (let i = 0; i < count; i++) wire.push(readHeader(bytes))
  return new DecodedHeaders(wire)
}

const mended = new WeakSet<ArrayReader>()

/** Makes header decoding linear and bounded; calling it again changes nothing. */
export function mendHeaders(
  Decoder: DecoderClass = requireInternal<DecoderClass>('protocol/decoder'),
  headerReader: unknown = requireInternal<unknown>('protocol/recordBatch/header/v0/decoder'),
): void {
  const original = Decoder.prototype.readVarIntArray
  if (mended.has(original)) return
  function readVarIntArray(this: HeaderBytes, reader: unknown): unknown {
    return reader === headerReader ? readHeaders(this) : original.call(this, reader)
  }
  mended.add(readVarIntArray)
  Decoder.prototype.readVarIntArray = readVarIntArray
}

/** Most records have none, and every record is asked. */
function isEmpty(headers: object): boolean {
  for (const _name in headers) return false
  return true
}

function toBuffer(value: unknown): Buffer | null {
  if (Buffer.isBuffer(value)) return value
  return value === null || value === undefined ? null : Buffer.from(String(value))
}

function deriveRawHeaders(headers: Readonly<Record<string, unknown>>): RawHeaders {
  return Object.keys(headers).flatMap((name): RawHeader[] => {
    const value = headers[name]
    return Array.isArray(value) ? value.map((each): RawHeader => [name, toBuffer(each)]) : [[name, toBuffer(value)]]
  })
}

/**
 * The headers of a message in wire order, with duplicates and nulls. Headers that kafkajs did not
 * decode through the mend are derived from the object: duplicates then stand together.
 */
export function rawHeaders(headers: object | null | undefined): RawHeaders {
  if (headers === null || headers === undefined || isEmpty(headers)) return NO_HEADERS
  return HeaderBag.wireOf(headers) ?? deriveRawHeaders(headers as Record<string, unknown>)
}

/** What they count for in the limits on bytes; every record is asked, before it is an object. */
export function bytesOfHeaders(headers: object | null | undefined): number {
  if (headers === null || headers === undefined) return 0
  const known = HeaderBag.bytesOf(headers)
  if (known !== undefined) return known
  return isEmpty(headers) ? 0 : headerBytes(rawHeaders(headers))
}
