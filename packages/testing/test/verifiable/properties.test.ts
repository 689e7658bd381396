import { expect, test } from 'vitest'
import { parseProperties } from '../../src/verifiable/properties.ts'

const parse = (text: string) => Object.fromEntries(parseProperties(text))

test('an empty file has no properties', () => {
  expect(parse('')).toEqual({})
})

test.each(['a=1', 'a = 1', 'a:1', 'a : 1', 'a 1', '  a\t1', '\fa=1\r', 'a=1\r\n# b=2\r\n! c=3\r\n\r\n'])(
  '%j is one property',
  (text) => {
    expect(parse(text)).toEqual({ a: '1' })
  },
)

test('only the first separator separates, and spaces at the end belong to the value', () => {
  expect(parse('a=b=c:d e ')).toEqual({ a: 'b=c:d e ' })
  expect(parse('a==b')).toEqual({ a: '=b' })
  expect(parse('lone')).toEqual({ lone: '' })
})

test('a backslash at the end of a line continues it without the spaces that follow', () => {
  expect(parse('a=one, \\\n   two\nb=2')).toEqual({ a: 'one, two', b: '2' })
  expect(parse('a=x\\\\\nb=2')).toEqual({ a: 'x\\', b: '2' })
  expect(parse('a=x\\\n# no comment')).toEqual({ a: 'x# no comment' })
  expect(parse('a=x\\')).toEqual({ a: 'x' })
})

test('escapes stand for characters, in names too', () => {
  expect(parse('a\\ b\\=c=\\t\\u00e9\\"\\q')).toEqual({ 'a b=c': '\té"q' })
})

test('of a repeated property the last value counts', () => {
  expect(parse('a=1\na=2')).toEqual({ a: '2' })
})
