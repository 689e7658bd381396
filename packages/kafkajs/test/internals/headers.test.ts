import { beforeAll, describe, expect, it, vi } from 'vitest'
import { InternalFault } from '../../src/internals/fault.ts'
import { mendHeaders, rawHeaders } from '../../src/internals/headers.ts'
import { requireInternal } from '../../src/internals/kafkajs.ts'
import { Decoder, decodeRecord, headerBytes, record, recordWith, varInt, type WireHeader } from './wire.ts'

const numbered = (count: number): WireHeader[] =>
  Array.from({ length: count }, (_, i): WireHeader => [`header-${i}`, `${i}`])

const readable = (headers: object): unknown[] =>
  rawHeaders(headers).map(([name, value]) => [name, value?.toString() ?? null])

function countReads(headers: readonly WireHeader[]): number {
  const bytes = record(headers)
  const readVarInt = vi.spyOn(Decoder.prototype, 'readVarInt' as never)
  decodeRecord(bytes)
  const { length } = readVarInt.mock.calls
  readVarInt.mockRestore()
  return length
}

beforeAll(() => mendHeaders())

describe('wire order', () => {
  it('keeps duplicates, nulls and prototype names where they stood', () => {
    const headers: WireHeader[] = [
      ['b', '1'],
      ['a', null],
      ['b', '2'],
      ['__proto__', 'p'],
      ['constructor', 'c'],
      ['1', 'index'],
      ['b', null],
      ['', 'empty'],
      ['é', ''],
    ]
    expect(readable(decodeRecord(record(headers)).headers)).toEqual(headers)
  })

  it('is invisible on the object and lost on its copies', () => {
    const { headers } = decodeRecord(record([['a', '1']]))
    expect(Reflect.ownKeys(headers)).toEqual(['a'])
    expect(JSON.stringify(structuredClone(Object.keys({ ...headers })))).toBe('["a"]')
  })

  it('leaves a value as a view of the record', () => {
    const bytes = record([['a', '1']])
    const [first] = rawHeaders(decodeRecord(bytes).headers)
    expect(first?.[1]?.buffer).toBe(bytes.buffer)
  })
})

describe('the object others see', () => {
  it('folds duplicates into arrays as kafkajs does', () => {
    const { headers } = decodeRecord(
      record([
        ['a', '1'],
        ['a', '2'],
        ['a', null],
        ['n', null],
        ['n', '3'],
      ]),
    )
    expect(Object.keys(headers)).toEqual(['a', 'n'])
    expect(headers.a).toEqual([Buffer.from('1'), Buffer.from('2'), null])
    expect(headers.n).toEqual([null, Buffer.from('3')])
  })

  it('holds names of Object.prototype as plain own values', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'reduce']
    const { headers } = decodeRecord(record(names.map((name): WireHeader => [name, 'evil'])))
    expect(Object.keys(headers)).toEqual(names)
    for (const name of names) expect(headers[name]).toEqual(Buffer.from('evil'))
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('evil')
  })

  it('inherits nothing', () => {
    const { headers } = decodeRecord(record([['a', '1']]))
    for (const name of ['__proto__', 'constructor', 'toString', 'reduce', 'wireOf']) {
      expect(headers[name]).toBeUndefined()
    }
  })

  it('can be written again by kafkajs', () => {
    const encode = requireInternal<(record: object) => { buffer: Buffer }>('protocol/recordBatch/record/v0')
    const headers: WireHeader[] = [
      ['constructor', '1'],
      ['__proto__', '2'],
      ['a', '3'],
      ['a', '4'],
    ]
    const decoded = decodeRecord(record(headers))
    const { buffer } = encode({ key: null, value: Buffer.from('v'), headers: decoded.headers })
    const withoutLength = buffer.subarray(varInt(buffer.length).length)
    expect(readable(decodeRecord(withoutLength).headers)).toEqual(headers)
  })
})

describe('records without headers', () => {
  it('get a fresh ordinary object and share one empty list', () => {
    const [first, second] = [decodeRecord(record([])), decodeRecord(record([]))]
    expect(Object.getPrototypeOf(first.headers)).toBe(Object.prototype)
    expect(first.headers).not.toBe(second.headers)
    expect(rawHeaders(first.headers)).toBe(rawHeaders(second.headers))
    expect(Object.isFrozen(rawHeaders(first.headers))).toBe(true)
  })

  it('include those with a null header array', () => {
    expect(rawHeaders(decodeRecord(recordWith(varInt(-1))).headers)).toEqual([])
  })
})

describe('cost', () => {
  it('grows with the number of headers, not with its square', () => {
    const perHeader = countReads(numbered(1)) - countReads([])
    expect(perHeader).toBe(2)
    expect(countReads(numbered(5_000)) - countReads([])).toBe(5_000 * perHeader)
    expect(countReads(numbered(20_000)) - countReads([])).toBe(20_000 * perHeader)
  })

  it('never calls the fold that copies the object for each header', () => {
    const bytes = new Decoder(Buffer.concat([varInt(2), ...numbered(2).map((h) => headerBytes(...h))]))
    const read = Decoder.prototype.readVarIntArray as unknown as (
      this: object,
      reader: unknown,
    ) => { reduce(fold: unknown, initial: object): object }
    const fold = vi.fn()
    const folded = read.call(bytes, requireInternal('protocol/recordBatch/header/v0/decoder')).reduce(fold, {})
    expect(fold).not.toHaveBeenCalled()
    expect(Object.keys(folded)).toEqual(['header-0', 'header-1'])
  })

  // Unmended, this takes minutes: the time-out of the test is the assertion.
  it('decodes 20,000 headers, distinct or alike', () => {
    const alike = Array.from({ length: 20_000 }, (): WireHeader => ['same', 'x'])
    expect(rawHeaders(decodeRecord(record(numbered(20_000))).headers)).toHaveLength(20_000)
    expect(decodeRecord(record(alike)).headers.same).toHaveLength(20_000)
  })
})

describe('hostile bytes', () => {
  it.each<[string, Buffer]>([
    ['a count of 2^31-1', varInt(2 ** 31 - 1)],
    ['a negative count', varInt(-2)],
    ['one header too many', Buffer.concat([varInt(2), headerBytes('', '')])],
    ['a name beyond the record', Buffer.concat([varInt(1), varInt(1_000), Buffer.from('ab')])],
    ['a negative name length', Buffer.concat([varInt(1), varInt(-1), varInt(0)])],
    ['a value beyond the record', Buffer.concat([varInt(1), varInt(0), varInt(9), Buffer.from('a')])],
    ['a negative value length', Buffer.concat([varInt(1), varInt(0), varInt(-2)])],
    ['a missing value length', Buffer.concat([varInt(1), varInt(1), Buffer.from('a')])],
  ])('refuses %s', (_, section) => {
    const decode = (): unknown => decodeRecord(recordWith(section))
    expect(decode).toThrow(InternalFault)
    expect(decode).toThrow(expect.objectContaining({ code: 'HF_CODEC', retriable: false }))
  })
})

describe('rawHeaders of objects kafkajs did not decode', () => {
  it('derives the list', () => {
    const headers = { a: 'text', b: [Buffer.from('1'), '2', null], c: undefined, d: null }
    expect(readable(headers)).toEqual([
      ['a', 'text'],
      ['b', '1'],
      ['b', '2'],
      ['b', null],
      ['c', null],
      ['d', null],
    ])
  })

  it.each([undefined, null, {}])('is empty for %s', (headers) => {
    expect(rawHeaders(headers)).toEqual([])
  })
})

describe('the mend', () => {
  it('is applied once', () => {
    const before = Decoder.prototype.readVarIntArray
    mendHeaders()
    expect(Decoder.prototype.readVarIntArray).toBe(before)
  })

  it('leaves other arrays to kafkajs', () => {
    const decoder = new Decoder(Buffer.concat([varInt(2), varInt(7), varInt(8)])) as unknown as {
      readVarIntArray(reader: (d: { readVarInt(): number }) => number): number[]
    }
    expect(decoder.readVarIntArray((d) => d.readVarInt())).toEqual([7, 8])
  })
})
