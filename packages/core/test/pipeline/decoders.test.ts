import { constants } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { RecordHeaders } from '../../src/model/record.ts'
import { recordDecoder } from '../../src/pipeline/decode.ts'
import { bytes, json, SchemaMismatch, string } from '../../src/pipeline/decoders.ts'
import { record } from '../support/scripted-driver.ts'

const LIMITS = {
  maxRecordKeyBytes: 10_000_000,
  maxRecordValueBytes: 10_000_000,
  maxRecordHeaders: 1_000,
  maxRecordHeaderBytes: 10_000,
}

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
  const allowed = json(undefined, { allowPrototypeKeys: true })
  const parsed = allowed(utf8('{"__proto__":{"polluted":true}}')) as Record<string, unknown>
  expect((parsed as { polluted?: boolean }).polluted).toBeUndefined()
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

test.each([
  ['__proto__', '{"a":[{"__proto__":{"polluted":true}}]}'],
  ['an escaped __proto__', '{"\\u005f_pr\\u006fto__":1}'],
  ['constructor.prototype', '{"constructor":{"prototype":{"polluted":true}}}'],
  ['an escaped constructor.prototype', '{"\\u0063onstructor":{"prototyp\\u0065":{}}}'],
])('json refuses the key %s, unless it is allowed', (_name, text) => {
  expect(() => json()(utf8(text))).toThrow(/JSON has the key (__proto__|constructor\.prototype)/)
  expect(json(undefined, { allowPrototypeKeys: true })(utf8(text))).toEqual(JSON.parse(text))
})

test.each([
  ['the word in a value', '{"a":"__proto__"}'],
  ['a constructor that is no object', '{"constructor":"Ferrari"}'],
  ['a constructor without a prototype', '{"constructor":{"name":"Ferrari"}}'],
  ['characters that are escaped', '{"a":"\\u00e9\\u0070"}'],
])('json takes %s', (_name, text) => {
  expect(json()(utf8(text))).toEqual(JSON.parse(text))
})

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

describe('the depth of JSON', () => {
  test.each([
    ['as deep as allowed', nested(1_000)],
    ['brackets in texts', JSON.stringify(`${'['.repeat(5_000)}"\\${'{'.repeat(5_000)}`)],
    ['a long list', `[${'[],{},'.repeat(50_000)}1]`],
  ])('%s is taken', (_name, text) => {
    expect(() => json()(utf8(text))).not.toThrow()
  })

  test.each([
    ['one level more', nested(1_001)],
    ['a million levels', nested(1_000_000)],
    ['levels that never close', '{"a":'.repeat(200_000)],
    ['levels within a list', `[1,"x",${nested(1_001)}]`],
  ])('%s is refused, as a record beyond a limit', (_name, text) => {
    const decode = recordDecoder({ value: json() }, LIMITS)
    expect(() => decode(record(0, { value: utf8(text) }))).toThrow(
      expect.objectContaining({ code: 'HF_RECORD_LIMIT', message: expect.stringContaining('maxJsonDepth = 1000') }),
    )
  })

  test('is an option of the decoder', () => {
    expect(() => json(z.any(), { maxJsonDepth: 2 })(utf8('[[[]]]'))).toThrow(/maxJsonDepth = 2/)
    expect(json(z.any(), { maxJsonDepth: 3 })(utf8('[[[]]]'))).toEqual([[[]]])
    expect(() => json(z.any(), { maxJsonDepth: 0 })).toThrow(expect.objectContaining({ code: 'HF_OPTION_INVALID' }))
  })
})

describe('a record beyond a limit is not decoded', () => {
  const entries = (count: number, size = 1): RecordHeaders =>
    RecordHeaders.of(Array.from({ length: count }, (_, index) => [`h${index}`, Buffer.alloc(size)] as const))
  test.each([
    ['maxRecordKeyBytes', { key: Buffer.alloc(11) }, 'a key of 11 bytes', { key: Buffer.alloc(10) }],
    ['maxRecordValueBytes', { value: Buffer.alloc(101) }, 'a value of 101 bytes', { value: Buffer.alloc(100) }],
    ['maxRecordHeaders', { headers: entries(4) }, '4 headers', { headers: entries(3) }],
    ['maxRecordHeaderBytes', { headers: entries(2, 20) }, 'headers of 44 bytes', { headers: entries(2, 18) }],
    ['maxRecordHeaderBytes', { headers: named('ü', 39) }, 'headers of 41 bytes', { headers: named('ü', 38) }],
  ])('%s', (limit, beyond, what, within) => {
    const limits = { maxRecordKeyBytes: 10, maxRecordValueBytes: 100, maxRecordHeaders: 3, maxRecordHeaderBytes: 40 }
    for (const options of [{}, { value: bytes() }]) {
      const decode = recordDecoder(options, limits)
      expect(() => decode(record(7, beyond))).toThrow(
        expect.objectContaining({
          code: 'HF_RECORD_LIMIT',
          message: expect.stringContaining(`t/0@7 has ${what}, more than ${limit} = `),
          details: expect.objectContaining({ limit, offset: 7 }),
        }),
      )
      expect(() => decode(record(7, within))).not.toThrow()
    }
  })
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
  const decode = recordDecoder({ [part]: json() }, LIMITS)
  const input = record(7, { [part]: utf8('hunter2-is-not-json') })
  expect(() => decode(input)).toThrow(
    expect.objectContaining({ code: 'HF_DECODE_FAILED', details: { topic: 't', partition: 0, offset: 7, part } }),
  )
  expect(() => decode(input)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }))
})

test('a part that is null and must not be says so', () => {
  const decode = recordDecoder({ value: json(z.object({})) }, LIMITS)
  expect(() => decode(record(1, { value: null }))).toThrow(/The value is null\./)
})

test('headers are checked as an object of their last values as text, whatever their names', () => {
  const entries = [
    ['a', utf8('1')],
    ['a', utf8('2')],
    ['__proto__', utf8('x')],
    ['constructor', null],
  ] as const
  const decode = recordDecoder({ headers: z.record(z.string(), z.string().nullable()) }, LIMITS)
  const decoded = decode(record(0, { headers: RecordHeaders.of(entries) })) as { headers: Record<string, unknown> }
  expect(decoded.headers.a).toBe('2')
  expect(decoded.headers.constructor).toBeNull()
  expect(Object.getPrototypeOf(Object.prototype)).toBeNull()
})

test('without decoders the record is passed on as it is', () => {
  const input = record(0)
  expect(recordDecoder({}, LIMITS)(input)).toBe(input)
})

test('a header that is not UTF-8 does not decode', () => {
  const decode = recordDecoder({ headers: z.record(z.string(), z.string().nullable()) }, LIMITS)
  expect(() => decode(record(0, { headers: named('a', 3, 0xff) }))).toThrow(
    expect.objectContaining({ code: 'HF_DECODE_FAILED', message: expect.stringContaining('the headers of t/0@0') }),
  )
})

function named(name: string, size: number, fill = 0): RecordHeaders {
  return RecordHeaders.of([[name, Buffer.alloc(size, fill)]])
}

test('bytes that no string can hold are an error like any other', () => {
  const bytes = Buffer.alloc(constants.MAX_STRING_LENGTH + 1)
  expect(() => string()(bytes)).toThrow(/longer than/)
})

/** A promise of another library, or of another realm. */
const thenable = (value: unknown): Promise<never> => {
  const promise = Promise.resolve(value)
  // biome-ignore lint/suspicious/noThenProperty: it is a promise to who looks for one
  return { then: promise.then.bind(promise) } as unknown as Promise<never>
}

test('a schema or decoder that answers a promise of another library is awaited like any', async () => {
  const validate = () => thenable({ issues: [{ message: 'no' }] })
  const schema = { '~standard': { version: 1 as const, vendor: 'test', validate } }
  const refused = recordDecoder({ value: json(schema) }, LIMITS)(record(0))
  await expect(refused).rejects.toMatchObject({ code: 'HF_DECODE_FAILED', cause: { name: 'SchemaMismatch' } })
  const decoded = recordDecoder({ value: () => thenable('decoded') }, LIMITS)(record(0))
  await expect(decoded).resolves.toMatchObject({ value: 'decoded' })
})
