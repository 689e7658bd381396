import { expect, test } from 'vitest'
import { defineBench } from '../src/bench.ts'
import { readCommandLine, showUsage } from '../src/options.ts'

const sample = defineBench({
  id: 'sample',
  summary: 'an example',
  defaults: { records: 100, slots: [1, 10] },
  run: () => Promise.reject(new Error('it is only described')),
})
const read = (line: string) => readCommandLine(line.split(' '), [sample])

test('a benchmark has its own defaults', () => {
  expect(read('sample')).toEqual({ bench: sample, options: { records: 100, slots: [1, 10] }, json: false })
})

test('flags replace them, a number or a list as the default is', () => {
  expect(read('sample --slots 100 --records 5 --json')).toMatchObject({
    options: { records: 5, slots: [100] },
    json: true,
  })
})

test.each([
  'other',
  'sample --unknown 1',
  'sample --records 1,2',
  'sample --records 0',
  'sample --slots 1,x',
  'sample extra',
])('"%s" is refused', (line) => {
  expect(read(line)).toBeUndefined()
})

test('the usage names every benchmark with its flags', () => {
  expect(showUsage([sample])).toContain('sample [--records 100] [--slots 1,10] [--json]\n      an example')
})
