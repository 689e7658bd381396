import { expect, test } from 'vitest'
import { slopeOf } from '../../src/stats/slope.ts'

test('a straight line has its own slope', () => {
  expect(slopeOf([0, 1, 2, 3].map((x) => ({ x, y: 7 + 2.5 * x })))).toBeCloseTo(2.5)
})

test('noise around a level has none', () => {
  const points = [1, -1, -1, 1].map((y, x) => ({ x, y }))
  expect(slopeOf(points)).toBeCloseTo(0)
})

test('one point has no slope', () => {
  expect(slopeOf([{ x: 1, y: 1 }])).toBeNaN()
})
