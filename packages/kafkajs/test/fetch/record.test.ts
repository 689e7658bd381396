import { recordBytes } from '@holdfast/core'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { KafkajsRecords } from '../../src/fetch/record.ts'
import { mendHeaders } from '../../src/internals/headers.ts'
import type { KafkaMessage } from '../../src/internals/kafkajs.ts'
import { decodeRecord, record, type WireHeader } from '../internals/wire.ts'

beforeAll(() => mendHeaders())

const text = fc.string({ unit: 'grapheme', maxLength: 5 })
const decoded = fc
  .array(fc.tuple(fc.oneof(text, fc.constantFrom('a', '__proto__', 'constructor')), fc.option(text)), { maxLength: 6 })
  .map((headers) => decodeRecord(record(headers as WireHeader[])).headers)
/** Of messages that were not decoded by our mend, as those of the old formats. */
const foreign = fc.constantFrom<object | undefined>(undefined, {}, { a: Buffer.from('1'), b: [null, 'text'], c: null })
const bytes = fc.option(fc.string({ maxLength: 9 }).map((each) => Buffer.from(each)))
const message = fc.record({ key: bytes, value: bytes, headers: fc.oneof(decoded, foreign) })

test('a record counts for the same before it is an object and after', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), (all) => {
      const messages = all.map((each, index) => ({ ...each, offset: String(index), timestamp: '0' }) as KafkaMessage)
      const records = new KafkajsRecords('t', 0, messages)
      for (const index of all.keys()) {
        const before = records.bytesAt(index)
        const one = records.at(index)
        let headers = 0
        for (const [name, value] of one.headers) headers += 256 + name.length + (value?.length ?? 0)
        expect(before).toBe(512 + (one.key?.length ?? 0) + (one.value?.length ?? 0) + headers)
        expect(recordBytes(one, one.headers.bytes)).toBe(before)
        expect(records.bytesAt(index)).toBe(before)
      }
    }),
    { numRuns: 300 },
  )
})
