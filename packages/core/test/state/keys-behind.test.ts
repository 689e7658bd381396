import { expect, test } from 'vitest'
import { KeysBehind } from '../../src/state/keys-behind.ts'

const at = (settled: number, end: number) => ({ settled, end })

test('a key is waited for to the end of each level as of when the level before was through', () => {
  const behind = new KeysBehind()
  behind.noteMove('a', 7)
  behind.look([at(3, 5), at(0, 0)], behind.moves)
  expect(behind.sinceOf('a')).toBe(7)
  // Settled in the first by being in the second.
  behind.look([at(5, 9), at(0, 1)], behind.moves)
  expect(behind.sinceOf('a')).toBe(7)
  behind.look([at(5, 9), at(1, 4)], behind.moves)
  expect([behind.sinceOf('a'), behind.size]).toEqual([undefined, 0])
})

test('where nothing is open anywhere, one look is enough', () => {
  const behind = new KeysBehind()
  behind.noteMove('a', 7)
  behind.look([at(5, 5), at(2, 2)], behind.moves)
  expect(behind.size).toBe(0)
})

test('a look that began before the last move of a key says nothing of it', () => {
  const behind = new KeysBehind()
  behind.noteMove('a', 1)
  behind.noteMove('b', 1)
  const { moves } = behind
  behind.noteMove('a', 2)
  behind.look([at(5, 5)], moves)
  expect([behind.sinceOf('a'), behind.sinceOf('b')]).toEqual([2, undefined])
})

test('a further move begins at the first level again', () => {
  const behind = new KeysBehind()
  behind.noteMove('a', 1)
  behind.look([at(5, 5), at(0, 1)], behind.moves)
  behind.noteMove('a', 2)
  behind.look([at(5, 6), at(1, 1)], behind.moves)
  expect(behind.sinceOf('a')).toBe(2)
  behind.look([at(6, 6), at(1, 1)], behind.moves)
  expect(behind.size).toBe(0)
})

test('what is found in several levels is waited for from the first one on', () => {
  const behind = new KeysBehind()
  behind.noteFound('a', 1, 4, 30)
  behind.noteFound('a', 0, 9, 20)
  behind.noteFound('b', 1, 4, 10)
  expect([behind.sinceOf('a'), behind.sinceOf('b')]).toEqual([30, 10])
  behind.look([at(8, 9), at(4, 4)], behind.moves)
  expect([behind.sinceOf('a'), behind.sinceOf('b')]).toEqual([30, undefined])
})

test('texts and numbers are different keys', () => {
  const behind = new KeysBehind()
  behind.noteMove('1', 1)
  expect([behind.sinceOf('1'), behind.sinceOf(1)]).toEqual([1, undefined])
})

test('any number of keys takes a bounded place; none that waits is forgotten, and all end', () => {
  const behind = new KeysBehind()
  const keys = Array.from({ length: 200_000 }, (_, index) => `key-${index}`)
  for (const key of keys) behind.noteMove(key, 1)
  expect(behind.size).toBeLessThan(30_000)
  expect(keys.filter((key) => behind.sinceOf(key) === undefined)).toEqual([])
  behind.look([at(9, 9)], behind.moves)
  expect(behind.size).toBe(0)
})
