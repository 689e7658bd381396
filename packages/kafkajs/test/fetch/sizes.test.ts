import { expect, test } from 'vitest'
import { FetchSizes } from '../../src/fetch/sizes.ts'

const MAX = 1_048_576
const SLOW = { topic: 'a', partition: 0 }

function asked(sizes: FetchSizes): number[] {
  const partitions = [0, 1].map((partition) => ({ partition, fetchOffset: '0', maxBytes: MAX }))
  sizes.apply({ topics: [{ topic: 'a', partitions }] })
  return partitions.map(({ maxBytes }) => maxBytes)
}

const grown = (): FetchSizes => {
  const sizes = new FetchSizes(MAX)
  for (let fetch = 0; fetch < 20; fetch += 1) asked(sizes)
  return sizes
}

test('a partition is asked for little at first, and for more with every fetch, up to the whole', () => {
  const sizes = new FetchSizes(MAX)
  const seen = Array.from({ length: 20 }, () => asked(sizes)[0] as number)
  expect(seen[0]).toBe(262_144)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(seen.at(-1)).toBe(MAX)
})

test('one that is paused again and again is asked for less, and others for all', () => {
  const sizes = grown()
  sizes.shrink([SLOW])
  expect(asked(sizes)).toEqual([MAX / 2, MAX])
  for (let pause = 0; pause < 20; pause += 1) sizes.shrink([SLOW])
  expect(asked(sizes)).toEqual([65_536, MAX])
  sizes.forget([SLOW])
  expect(asked(sizes)).toEqual([262_144, MAX])
})

test('where three fetches fill what is free, it settles there', () => {
  const sizes = new FetchSizes(MAX)
  const room = 500_000
  const fetches: number[] = []
  for (let refill = 0; refill < 40; refill += 1) {
    let [filled, count] = [0, 0]
    for (; filled < room; count += 1) filled += asked(sizes)[0] as number
    sizes.shrink([SLOW])
    fetches.push(count)
  }
  for (const count of fetches.slice(10)) expect([3, 4]).toContain(count)
})

test('a smaller maximum than the least size is kept to', () => {
  const sizes = new FetchSizes(1_000)
  sizes.shrink([SLOW])
  expect(asked(sizes)).toEqual([1_000, 1_000])
})
