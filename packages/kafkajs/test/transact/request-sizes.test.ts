import type { OutgoingRecord } from '@holdfast/core'
import { expect, test } from 'vitest'
import { RequestSizes } from '../../src/transact/request-sizes.ts'

const outputs: readonly OutgoingRecord[] = Array.from({ length: 100 }, (_, index) => ({
  topic: 'out',
  key: null,
  value: Buffer.alloc(index % 10 === 0 ? 2_000 : 100),
  headers: [],
}))

test('what was too large for a topic at once is halved until it is one record, and other topics get what they got', () => {
  const sizes = new RequestSizes()
  let refusals = 0
  for (let list = sizes.split('out', outputs)[0]; list !== undefined && list.length > 1; refusals += 1) {
    sizes.noteTooLarge('out', list)
    list = sizes.split('out', outputs).find(({ length }) => length > 1)
  }
  expect(refusals).toBeLessThan(12)
  expect(sizes.split('out', outputs)).toEqual(outputs.map((output) => [output]))
  expect(sizes.split('other', outputs)).toEqual([outputs])
})

test('a request that was made before a topic refused a smaller one does not raise its limit', () => {
  const sizes = new RequestSizes()
  sizes.noteTooLarge('out', outputs.slice(0, 10))
  const known = sizes.split('out', outputs)
  sizes.noteTooLarge('out', outputs)
  expect(sizes.split('out', outputs)).toEqual(known)
})

test('a limit doubles each minute until it is the default again, and what is refused then halves it once', () => {
  let nowMs = 0
  const sizes = new RequestSizes(() => nowMs)
  const largest = (): number => Math.max(...sizes.split('out', outputs).map(({ length }) => length))
  const [whole, half, quarter] = [100, 50, 25]
  expect(largest()).toBe(whole)
  sizes.noteTooLarge('out', outputs)
  expect(largest()).toBeLessThanOrEqual(half + 10)
  sizes.noteTooLarge('out', outputs.slice(0, half))
  expect(largest()).toBeLessThanOrEqual(quarter + 10)
  nowMs += 59_999
  expect(largest()).toBeLessThanOrEqual(quarter + 10)
  nowMs += 1
  expect(largest()).toBeGreaterThanOrEqual(half - 10)
  const refused = sizes.split('out', outputs)[0] ?? []
  sizes.noteTooLarge('out', refused)
  expect(largest()).toBeLessThanOrEqual(quarter + 10)
  nowMs += 20 * 60_000
  expect(largest()).toBe(whole)
})
