import { expect, test } from 'vitest'
import { z } from 'zod'
import { RecordHeaders } from '../../src/model/record.ts'
import { recordDecoder } from '../../src/pipeline/decode.ts'
import { bytes, json, SchemaMismatch, string } from '../../src/pipeline/decoders.ts'
import { record } from '../support/scripted-driver.ts'

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')

test.each([
  ['null is a tombstone and stays null', null, null],
  ['a value', utf8('{"a":[1]}'), { a: [1] }],
  ['a byte order mark is no part of the text', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), utf8('1')]), 1],
  ['the last of two equal keys', utf8('{"a":1,"a":2}'), { a: 2 }],
])('json: %s', (_name, input, output) => {
  expect(json()(input)).toEqual(output)
})

test.each([
  ['truncated', utf8('{"a":')],
  ['trailing garbage', utf8('{} x')],
  ['empty', Buffer.alloc(0)],
  ['malformed UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['a NUL byte', Buffer.from([0x00])],
])('json refuses what is %s', (_name, input) => {
  expect(() => json()(input)).toThrow()
})

test('json does not let a payload change prototypes', () => {
  const parsed = json()(utf8('{"__proto__":{"polluted":true}}')) as Record<string, unknown>
  expect((parsed as { polluted?: boolean }).polluted).toBeUndefined()
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

test('string refuses malformed UTF-8, and keeps null and the empty text apart', () => {
  expect(() => string()(Buffer.from([0xc3, 0x28]))).toThrow()
  expect(string()(null)).toBeNull()
  expect(string()(Buffer.alloc(0))).toBe('')
  expect(string()(utf8('grüße'))).toBe('grüße')
})

test('bytes are the bytes', () => {
  const input = Buffer.from([0, 255])
  expect(bytes()(input)).toBe(input)
})

test('a schema says what is wrong and where, never what the value is, and not without end', () => {
  const schema = z.object({ secrets: z.array(z.number()) })
  const input = utf8(JSON.stringify({ secrets: Array(100_000).fill('hunter2') }))
  const failure = (() => {
    try {
      json(schema)(input)
    } catch (error) {
      return error
    }
    return undefined
  })() as SchemaMismatch
  expect(failure).toBeInstanceOf(SchemaMismatch)
  expect(failure.issues).toHaveLength(5)
  expect(failure.message).toMatch(/^secrets\.0: .*and 99995 more$/)
  expect(failure.message).not.toContain('hunter2')
})

test('an asynchronous schema is awaited', async () => {
  const schema = z.string().refine(async (text) => text === 'yes')
  await expect(json(schema)(utf8('"yes"'))).resolves.toBe('yes')
  await expect(json(schema)(utf8('"no"'))).rejects.toBeInstanceOf(SchemaMismatch)
})

test.each(['key', 'value'] as const)('a %s that cannot be decoded is named with its place, and never shown', (part) => {
  const decode = recordDecoder({ [part]: json() })
  const input = record(7, { [part]: utf8('hunter2-is-not-json') })
  expect(() => decode(input)).toThrow(
    expect.objectContaining({ code: 'HF_DECODE_FAILED', details: { topic: 't', partition: 0, offset: 7, part } }),
  )
  expect(() => decode(input)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }))
})

test('a part that is null and must not be says so', () => {
  const decode = recordDecoder({ value: json(z.object({})) })
  expect(() => decode(record(1, { value: null }))).toThrow(/The value is null\./)
})

test('headers are checked as an object of their last values as text, whatever their names', () => {
  const entries = [
    ['a', utf8('1')],
    ['a', utf8('2')],
    ['__proto__', utf8('x')],
    ['constructor', null],
  ] as const
  const decode = recordDecoder({ headers: z.record(z.string(), z.string().nullable()) })
  const decoded = decode(record(0, { headers: RecordHeaders.of(entries) })) as { headers: Record<string, unknown> }
  expect(decoded.headers.a).toBe('2')
  expect(decoded.headers.constructor).toBeNull()
  expect(Object.getPrototypeOf(Object.prototype)).toBeNull()
})

test('without decoders the record is passed on as it is', () => {
  const input = record(0)
  expect(recordDecoder({})(input)).toBe(input)
})
