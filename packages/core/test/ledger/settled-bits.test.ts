import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SettledBits } from '../../src/ledger/settled-bits.ts'

test('head is the lowest slot that is not settled, wherever the ring begins and however it grows', () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('append' as const), count: fc.integer({ min: 1, max: 90 }) }),
    fc.record({ type: fc.constant('appendSettled' as const), count: fc.integer({ min: 1, max: 90 }) }),
    fc.record({ type: fc.constant('settle' as const), count: fc.integer({ min: 0, max: 200 }) }),
  )
  const starts = fc.constantFrom(0, 17, 31, 32, 2 ** 31 - 1, 2 ** 32 - 40, 2 ** 32, 2 ** 40 + 13)
  fc.assert(
    fc.property(starts, fc.array(step, { maxLength: 80 }), (start, steps) => {
      const bits = new SettledBits(start)
      const settled: boolean[] = []
      for (const { type, count } of steps) {
        if (type === 'settle') {
          const isNew = count < settled.length && settled[count] === false
          expect(bits.settle(start + count)).toBe(isNew)
          if (isNew) settled[count] = true
        } else {
          bits[type](count)
          for (let added = 0; added < count; added += 1) settled.push(type === 'appendSettled')
        }
        const open = settled.indexOf(false)
        const runs = settled.filter((isSet, slot) => isSet && slot > open && open >= 0 && settled[slot - 1] === false)
        expect([bits.head, bits.tail, bits.runs]).toEqual([
          start + (open === -1 ? settled.length : open),
          start + settled.length,
          runs.length,
        ])
      }
    }),
    { numRuns: 1_000 },
  )
})

test('a window of 300,000 slots moves over a boundary of 2^32', () => {
  const start = 2 ** 32 - 150_000
  const bits = new SettledBits(start)
  bits.append(300_000)
  let fresh = 0
  for (let slot = start + 299_999; slot > start; slot -= 1) if (bits.settle(slot)) fresh += 1
  expect(fresh).toBe(299_999)
  expect(bits.head).toBe(start)
  bits.settle(start)
  expect(bits.head).toBe(start + 300_000)
})

test('a window that fills the ring keeps its two ends apart, wherever in a word it begins', () => {
  const wrong: string[] = []
  for (let start = 0; start < 64; start += 1) {
    for (let count = 990; count <= 1_060; count += 1) {
      const bits = new SettledBits(start)
      bits.append(count - 40)
      bits.append(40)
      for (let slot = start + count - 1; slot > start; slot -= 1) bits.settle(slot)
      const before = bits.head
      bits.settle(start)
      if (before !== start || bits.head !== start + count) wrong.push(`${start}+${count}`)
    }
  }
  expect(wrong).toEqual([])
})
