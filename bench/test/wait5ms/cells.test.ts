import { expect, test } from 'vitest'
import { cellsOf } from '../../src/wait5ms/cells.ts'

test('arms with slots run in every cell, eachMessage once per number of partitions', () => {
  expect(cellsOf([3], [1, 10])).toEqual([
    { partitions: 3, slots: 1, arms: ['holdfast key order', 'pool per batch', 'eachMessage'] },
    { partitions: 3, slots: 10, arms: ['holdfast key order', 'pool per batch'] },
    { partitions: 3, slots: 3, arms: ['eachMessage, partitions at once'] },
  ])
})
