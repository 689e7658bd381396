import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fifo } from '../../src/schedule/fifo.ts'

test('it is a list that grows at one end and shrinks at the other, however long it becomes', () => {
  const step = fc.record({ push: fc.integer({ min: 0, max: 900 }), shift: fc.integer({ min: 0, max: 900 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const fifo = new Fifo<number>()
      let [pushed, shifted] = [0, 0]
      for (const { push, shift } of steps) {
        for (let count = 0; count < push; count += 1) fifo.push(pushed++)
        for (let count = 0; count < shift; count += 1) {
          expect(fifo.first).toBe(shifted < pushed ? shifted : undefined)
          expect(fifo.shift()).toBe(shifted < pushed ? shifted++ : undefined)
        }
        expect(fifo.length).toBe(pushed - shifted)
      }
    }),
    { numRuns: 100 },
  )
})

test('what was taken out is not kept in memory', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const fifo = new Fifo<object>()
  const taken: WeakRef<object>[] = []
  for (let index = 0; index < 1_000; index += 1) fifo.push({ bytes: Buffer.alloc(16) })
  for (let index = 0; index < 900; index += 1) taken.push(new WeakRef(fifo.shift() as object))
  await new Promise(setImmediate)
  collect()
  expect(taken.filter((each) => each.deref() !== undefined)).toHaveLength(0)
  expect(fifo.length).toBe(100)
})
