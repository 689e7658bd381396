import { expect, test } from 'vitest'
import { partitionOfKey } from '../../src/model/partition-of-key.ts'

// Of Kafka's own test of `Utils.murmur2`.
test.each([
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ['abc', 479_470_107],
])('the key %s goes where the Java client sends it', (key, hash) => {
  for (const count of [1, 2, 7, 100, 65_537, 2 ** 31])
    expect(partitionOfKey(Buffer.from(key), count)).toBe((hash & 0x7fff_ffff) % count)
})
