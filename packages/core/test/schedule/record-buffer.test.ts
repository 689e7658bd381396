import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ConsumerRecord, RecordHeaders, recordBytes } from '../../src/model/record.ts'
import { sourceOf } from '../../src/model/record-source.ts'
import { RecordBuffer } from '../../src/schedule/record-buffer.ts'
import { record } from '../support/scripted-driver.ts'

/** In a value for the even ones, in a header for the others. */
function sized(offset: number, size: number): ConsumerRecord {
  const bytes = Buffer.alloc(size)
  return record(offset, size % 2 === 0 ? { value: bytes } : { headers: RecordHeaders.of([['h', bytes]]) })
}

const weigh = (waiting: ConsumerRecord): number => recordBytes(waiting, waiting.headers.bytes)

const step = fc.oneof(
  fc.record({ add: fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 6 }) }),
  fc.record({ take: fc.integer({ min: 0, max: 8 }), maxBytes: fc.integer({ min: 0, max: 400 }) }),
)

test('it is a list of records, whatever batches they came in', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const buffer = new RecordBuffer()
      let model: ReturnType<typeof record>[] = []
      let offset = 0
      for (const one of steps) {
        if ('add' in one) {
          const records = one.add.map((size) => sized(offset++, size))
          model.push(...records)
          expect(buffer.add(sourceOf(records))).toBe(records.reduce((sum, added) => sum + weigh(added), 0))
        } else {
          const most = Math.min(one.take, model.length)
          const count = buffer.fit(most, one.maxBytes)
          let [fitting, bytes] = [0, 0]
          for (const waiting of model.slice(0, most)) {
            bytes += weigh(waiting)
            if (fitting === 0 || bytes <= one.maxBytes) fitting += 1
            else break
          }
          expect(count).toBe(fitting)
          expect(buffer.take(count)).toEqual(model.slice(0, count))
          model = model.slice(count)
        }
        expect(buffer.length).toBe(model.length)
      }
    }),
    { numRuns: 500 },
  )
})
