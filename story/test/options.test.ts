import { expect, test } from 'vitest'
import { ARMS } from '../src/arms/arms.ts'
import { readCommandLine } from '../src/options.ts'

const read = (line: string) => readCommandLine(line === '' ? [] : line.split(' '), ARMS, 'story.svg')

test('without flags all arms run, on the same requests every time', () => {
  const defaults = { arms: ARMS, requests: 500, seconds: 75, seed: 1, svgPath: 'story.svg', json: false }
  expect(read('')).toEqual(defaults)
})

test('flags choose arms, requests, time, seed and where the figure goes', () => {
  const line = read('--arm holdfast --arm raw-each-batch --requests 60 --seconds 9.5 --seed 7 --svg a/b.svg --json')
  expect(line).toMatchObject({ requests: 60, seconds: 9.5, seed: 7, svgPath: 'a/b.svg', json: true })
  expect(line.arms.map(({ name }) => name)).toEqual(['raw-each-batch', 'holdfast'])
})

test.each([
  ['--arm java', '--arm java is not allowed: there is no such arm'],
  ['--requests 0', '--requests 0 is not allowed: it must be a whole number from 1'],
  ['--requests 1.5', '--requests 1.5 is not allowed'],
  ['--seconds 0', '--seconds 0 is not allowed: it must be a number above 0'],
  ['--seed=-1', '--seed -1 is not allowed'],
  ['--loud', "Unknown option '--loud'"],
  ['holdfast', "Unexpected argument 'holdfast'"],
])('"%s" is refused with the reason and the fix', (line, reason) => {
  expect(() => read(line)).toThrow(reason)
  expect(() => read(line)).toThrow('Fix: ')
})
