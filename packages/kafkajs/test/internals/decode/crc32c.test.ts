import { expect, test } from 'vitest'
import { crc32c } from '../../../src/internals/decode/crc32c.ts'
import { requireInternal } from '../../../src/internals/kafkajs.ts'

const theirs = requireInternal<(bytes: Buffer) => number>('protocol/recordBatch/crc32C')

test('is the checksum of RFC 3720 and of kafkajs, for every length', () => {
  expect(crc32c(Buffer.from('123456789'), 0, 9)).toBe(0xe3069283)
  const bytes = Buffer.from(Array.from({ length: 70 }, (_, index) => (index * 37 + 11) % 256))
  for (let end = 0; end <= bytes.length; end += 1)
    expect(crc32c(bytes, 3, Math.max(end, 3))).toBe(theirs(bytes.subarray(3, Math.max(end, 3))) >>> 0)
})
