import type { HeaderEntry } from '@holdfast/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mendHeaders, nameBytesOf, rawHeaders } from '../../src/internals/headers.ts'
import { installedSeams } from '../../src/internals/shapes.ts'
import { mendHeaderNames, wireHeaders } from '../../src/internals/wire-headers.ts'

mendHeaders()
mendHeaderNames()
const { Decoder, encodeRecord, decodeRecord } = installedSeams()

/** Through kafkajs's own encoder and decoder. */
function thereAndBack(headers: object): (readonly [string, Buffer | null])[] {
  const record = encodeRecord({ key: null, value: null, headers } as never) as { buffer: Buffer }
  const outer = new Decoder(record.buffer) as { readVarIntBytes(): Buffer }
  const context = { firstOffset: '0', firstTimestamp: '0', magicByte: 2 }
  const decoded = decodeRecord(new Decoder(outer.readVarIntBytes()) as never, context)
  return [...rawHeaders(decoded.headers as object)]
}

const entry = fc.tuple(
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '__proto__', 'constructor', 'toString', 'length')),
  fc.oneof(
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  ),
)

test('headers of any names and values, null and repeated ones included, are written in their order', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 40 }), (entries: HeaderEntry[]) => {
      const headers = wireHeaders(entries)
      expect(thereAndBack(headers)).toEqual(entries)
      // A request that is repeated encodes its records again.
      expect(thereAndBack(headers)).toEqual(entries)
    }),
    { numRuns: 300 },
  )
})

test('a name that is not UTF-8 is written again byte for byte, as one that holds � is', () => {
  const [name, text] = [Buffer.from([0x61, 0xff, 0x80]), Buffer.from('\ufffd')]
  const headers = Buffer.concat([
    Buffer.from([6, 6]),
    name,
    Buffer.from([2, 0x78, 6]),
    name,
    Buffer.from([1, 6]),
    text,
    Buffer.from([2, 0x79]),
  ])
  const head = Buffer.from([0, 0, 0, 1, 1])
  const context = { firstOffset: '0', firstTimestamp: '0', magicByte: 2 }
  const read = (bytes: Buffer) => [...rawHeaders(decodeRecord(new Decoder(bytes) as never, context).headers as object)]
  const first = read(Buffer.concat([head, headers]))
  expect(first.map(nameBytesOf)).toEqual([name, name, undefined])
  const again = thereAndBack(wireHeaders(first))
  expect(again).toEqual([
    ['a\ufffd\ufffd', Buffer.from('x')],
    ['a\ufffd\ufffd', null],
    ['\ufffd', Buffer.from('y')],
  ])
  expect(again.map(nameBytesOf)).toEqual([name, name, undefined])
})
