import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { newBudget } from '../../../src/internals/decode/budget.ts'
import { type Asked, type DecodedSet, decodeRecordSet } from '../../../src/internals/decode/record-set.ts'
import { hardenKafkajs } from '../../../src/internals/harden.ts'
import { CompressionCodecs } from '../../../src/internals/kafkajs.ts'
import { type RawBatch, type RawRecord, rawBatch, rawRecord } from '../../hostile/raw-batch.ts'

const MIB = 1024 * 1024

beforeAll(() => hardenKafkajs())

const read = (set: Buffer, asked: Partial<Asked> = {}, maxInflatedBytes = 64 * MIB): Promise<DecodedSet> =>
  decodeRecordSet(set, { position: 0, maxBytes: 64 * MIB, logEnd: 1_000_000, ...asked }, newBudget(maxInflatedBytes))

const offsetsOf = ({ messages }: DecodedSet): number[] => messages.map(({ offset }) => Number(offset))
const values = (count: number): RawRecord[] => Array.from({ length: count }, (_, index) => ({ value: String(index) }))

/** What the set comes to, in a line. */
function shown(set: DecodedSet): string {
  const { undecodable, endOffset } = set
  if (undecodable === undefined) return `${offsetsOf(set).join(' ')} end ${endOffset}`
  return `${undecodable.firstOffset} until ${undecodable.nextOffset}: ${undecodable.reason.message}`
}

describe('batches', () => {
  test('follow one another', async () => {
    const set = Buffer.concat([rawBatch({ records: values(3) }), rawBatch({ baseOffset: 5, records: values(2) })])
    expect(shown(await read(set))).toBe('0 1 2 5 6 end 7')
  })

  test('count from the position on, compressed or not', async () => {
    for (const codec of [0, 1])
      expect(shown(await read(rawBatch({ codec, records: values(4) }), { position: 2 }))).toBe('2 3 end 4')
  })

  test('of which the last is cut off end before it', async () => {
    const set = Buffer.concat([rawBatch({ records: values(2) }), rawBatch({ baseOffset: 2 }).subarray(0, -1)])
    expect(shown(await read(set))).toBe('0 1 end 2')
    expect(shown(await read(set.subarray(0, set.length - 30)))).toBe('0 1 end 2')
  })

  test('may end in offsets that compaction left empty, or hold none at all: the position moves', async () => {
    expect(shown(await read(rawBatch({ records: values(2), lastOffsetDelta: 9 }), { position: 5 }))).toBe(' end 10')
    expect(shown(await read(rawBatch({ records: [], count: 0, lastOffsetDelta: 4 })))).toBe(' end 5')
  })

  test('may have more records than a call can take arguments', async () => {
    const { messages } = await read(rawBatch({ records: values(200_000) }))
    expect(messages).toHaveLength(200_000)
  })

  test('may have gaps of any length', async () => {
    const records = [{ value: 'a' }, { value: 'b', offsetDelta: 1_000_000_000 }]
    const set = rawBatch({ records, lastOffsetDelta: 1_000_000_000 })
    expect(shown(await read(set, { logEnd: -1 }))).toBe('0 1000000000 end 1000000001')
  })
})

test('ten times the headers take about ten times as long', async () => {
  const quickest = async (count: number): Promise<number> => {
    const headers = Array.from({ length: count }, (_, index): [string, string] => [`h${index % (count - 1_000)}`, 'v'])
    const set = rawBatch({ records: [{ headers }] })
    const times: number[] = []
    for (let round = 0; round < 5; round += 1) {
      const startMs = performance.now()
      expect(offsetsOf(await read(set))).toEqual([0])
      times.push(performance.now() - startMs)
    }
    return Math.min(...times)
  }
  // Each looked up among all others would make it a hundred times.
  expect(await quickest(40_000)).toBeLessThan(50 * (await quickest(4_000)))
})

describe('one response stays within its budget', () => {
  test('of records: what is over comes with a later fetch', async () => {
    const batch = rawBatch({ codec: 1, records: values(300_000) })
    const first = await read(batch)
    expect(offsetsOf(first)).toHaveLength(250_000)
    expect(first.endOffset).toBe(0)
    expect(offsetsOf(await read(batch, { position: 250_000 }))).toHaveLength(50_000)
  })

  test('of inflated bytes: the first batch fits, and the next ones come with later fetches', async () => {
    const batches = [0, 1, 2].map((baseOffset) =>
      rawBatch({ baseOffset, codec: 1, records: [{ value: Buffer.alloc(MIB) }] }),
    )
    expect(shown(await read(Buffer.concat(batches), {}, 1.5 * MIB))).toBe('0 1 end 2')
  })
})

const ten = (batch: RawBatch = {}): Buffer => rawBatch({ baseOffset: 10, records: values(10), ...batch })
const gzipped = (batch: RawBatch = {}): Buffer => ten({ codec: 1, ...batch })

/** A batch of the offsets 10 to 19 whose record at 13 is another one. */
function withThird(record: RawRecord | Buffer, batch: RawBatch = {}): Buffer {
  const records = values(10).map((each, index) => rawRecord({ offsetDelta: index, ...each }))
  records[3] = Buffer.isBuffer(record) ? record : rawRecord({ offsetDelta: 3, ...record })
  return ten({ body: Buffer.concat(records), ...batch })
}

const HUGE = 2 ** 31 - 1
const OVERLONG = Buffer.alloc(20, 0xff)

describe('a batch that cannot be decoded is told with its offsets', () => {
  const ALL = /^10 until 20: /
  test.each<[number, string, Buffer, RegExp]>([
    [46, 'gzip that is none', ten({ codec: 1, body: Buffer.from('not gzip at all') }), /^10 until 20: .* is corrupt/],
    [46, 'gzip that is cut', ten({ codec: 1, body: gzipSync(Buffer.alloc(999)).subarray(0, -9) }), ALL],
    [46, 'snappy, lz4 and zstd that are none', ten({ codec: 2, body: Buffer.from([255, 255, 255, 255, 255]) }), ALL],
    [46, 'lz4', ten({ codec: 3, body: Buffer.from('garbage') }), ALL],
    [46, 'zstd', ten({ codec: 4, body: Buffer.from('garbage') }), ALL],
    [
      47,
      'an unknown codec',
      ten({ codec: 5 }),
      /^10 until 20: a record batch names codec 5, which Kafka does not have/,
    ],
    [47, 'the last unknown codec', ten({ codec: 7 }), /^10 until 20: .*codec 7/],
    [51, 'a count of 2^31 - 1', ten({ count: HUGE, lastOffsetDelta: 9 }), /^10 until 20: .*2147483647 records in/],
    [51, 'the same, compressed', gzipped({ count: HUGE, lastOffsetDelta: 9 }), /^10 until 20: .*2147483647 records in/],
    [51, 'a count of -1', ten({ count: -1, lastOffsetDelta: 9 }), /^10 until 20: .*-1 records in/],
    [
      50,
      'a length past the end',
      ten({ length: 9_999 }),
      /^10 until 20: .*10011 bytes or more, of which \d+ are there/,
    ],
    [50, 'a length that ends in its head', ten({ length: 20 }), /^10 until 20: .*it has 32 bytes/],
  ])('%i %s', async (_row, _what, set, told) => {
    expect(shown(await read(set, { position: 10 }))).toMatch(told)
  })

  test('once those before it have been handed over', async () => {
    const set = Buffer.concat([rawBatch({ records: values(10) }), ten({ codec: 5 })])
    expect(shown(await read(set))).toBe('0 1 2 3 4 5 6 7 8 9 end 10')
    expect(shown(await read(set, { position: 10 }))).toMatch(/^10 until 20/)
  })

  test('from the position on, where that is within it', async () => {
    expect(shown(await read(ten({ codec: 5 }), { position: 14 }))).toMatch(/^14 until 20/)
  })

  test('and what follows it is read when it has been passed', async () => {
    const set = Buffer.concat([ten({ codec: 5 }), rawBatch({ baseOffset: 20, records: values(2) })])
    expect(shown(await read(set, { position: 20 }))).toBe('20 21 end 22')
  })
})

test('one that is damaged ends where the next one begins, or where its own number of records says; else nobody knows', async () => {
  const next = rawBatch({ baseOffset: 15 })
  const lying = { codec: 5, crc: 1, lastOffsetDelta: 800 }
  expect(shown(await read(Buffer.concat([ten(lying), next]), { position: 10 }))).toMatch(/^10 until 15/)
  expect(shown(await read(ten(lying), { position: 10 }))).toMatch(/^10 until undefined/)
  expect(shown(await read(ten({ codec: 5, crc: 1 }), { position: 10 }))).toMatch(/^10 until 20/)
})

test('an end that no record reaches is believed only with the checksum', async () => {
  const tail = { records: values(3), lastOffsetDelta: 500 }
  expect(shown(await read(rawBatch(tail)))).toBe('0 1 2 end 501')
  const damaged = await read(rawBatch({ ...tail, crc: 1 }))
  expect(shown(damaged)).toMatch(/^0 until undefined: .*an end without a record/)
})

test('batches that go back end a set', async () => {
  const set = Buffer.concat([rawBatch({ baseOffset: 10, records: values(3) }), rawBatch({ baseOffset: 11 })])
  expect(shown(await read(set, { position: 10 }))).toBe('10 11 12 end 13')
})

test('by its checksum it was written like that, or has been damaged since; with checkCrcs that alone is enough', async () => {
  const kindOf = async (set: Buffer, checkCrcs = false): Promise<string | undefined> =>
    (await read(set, { position: 10, checkCrcs })).undecodable?.kind
  expect(await kindOf(ten({ codec: 5 }))).toBe('written')
  expect(await kindOf(ten({ codec: 5, crc: 1 }))).toBe('damaged')
  expect(await kindOf(ten({ length: 0 }))).toBe('damaged')
  expect(await kindOf(ten({ crc: 1 }))).toBeUndefined()
  expect(await kindOf(ten({ crc: 1 }), true)).toBe('damaged')
  expect(await kindOf(ten(), true)).toBeUndefined()
})

test('a codec that only this process lacks is told as that', async () => {
  const codecs = CompressionCodecs as Record<number, unknown>
  const zstd = codecs[4]
  try {
    delete codecs[4]
    expect((await read(ten({ codec: 4 }), { position: 10 })).undecodable).toMatchObject({
      kind: 'unsupported',
      nextOffset: 20,
      reason: { message: 'zstd is not registered in CompressionCodecs' },
    })
  } finally {
    codecs[4] = zstd
  }
})

describe('where its head cannot be believed either, no end is told', () => {
  test.each<[number, string, Buffer]>([
    [50, 'a length of 0 and offsets past the log', ten({ length: 0, lastOffsetDelta: HUGE })],
    [50, 'a negative length and offsets before the position', rawBatch({ length: -1 })],
    [55, 'offsets near 2^63', rawBatch({ baseOffset: 2n ** 63n - 10n, records: values(3) })],
    [55, 'offsets past 2^53', rawBatch({ baseOffset: 2n ** 53n, records: values(3) })],
    [55, 'negative offsets', ten({ baseOffset: -5, length: 3 })],
    [58, 'a message format of the future', ten({ magic: 9 })],
    [50, 'less than a head', ten().subarray(0, 40)],
    [53, 'batches that end before the position', rawBatch({ records: values(3) })],
    [47, 'an unknown codec and offsets past the log', ten({ codec: 6, lastOffsetDelta: HUGE })],
  ])('%i %s', async (_row, _what, set) => {
    expect(shown(await read(set, { position: 10 }))).toMatch(/^10 until undefined: /)
  })

  test('but a first batch that fills what was asked for is only cut off', async () => {
    const set = ten().subarray(0, 70)
    expect(shown(await read(set, { position: 10, maxBytes: 70 }))).toBe(' end 10')
  })
})

describe('of a record that cannot be decoded only its own offset is lost', () => {
  const cases: [number, string, RawRecord | Buffer][] = [
    [51, 'a header count of 2^31 - 1', { headerCount: HUGE }],
    [51, 'a header count of -2', { headerCount: -2 }],
    [51, 'more headers than there are', { headers: [['a', 'b']], headerCount: 3 }],
    [51, 'fewer headers than there are', { headers: [['a', 'b']], headerCount: 0 }],
    [52, 'a value length past its end', framed(Buffer.from([0, 0, 6, 1, 0x7e, 0]))],
    [52, 'a negative key length', framed(Buffer.from([0, 0, 6, 9, 1, 0]))],
    [52, 'an overlong header count', framed(Buffer.concat([Buffer.from([0, 0, 6, 1, 1]), OVERLONG]))],
  ]
  test.each(cases)('%i %s', async (_row, _what, record) => {
    for (const codec of [0, 1]) {
      const plain = withThird(record)
      const set = codec === 0 ? plain : withThird(record, { codec, body: gzipSync(plain.subarray(61)) })
      expect(offsetsOf(await read(set, { position: 10 }))).toEqual([10, 11, 12])
      expect(shown(await read(set, { position: 13 }))).toMatch(/^13 until 14: /)
      expect(shown(await read(set, { position: 14 }))).toBe('14 15 16 17 18 19 end 20')
    }
  })

  test.each<[number, string, Buffer]>([
    [52, 'a record length past the end', Buffer.concat([Buffer.from([0xfe, 0xff, 0x03]), Buffer.alloc(9)])],
    [52, 'a record length of 0', Buffer.from([0])],
    [52, 'an overlong record length', OVERLONG],
    [52, 'an overlong offset', framed(Buffer.concat([Buffer.from([0, 0]), OVERLONG]))],
  ])('%i with %s all that follows in its batch', async (_row, _what, record) => {
    const set = withThird(record)
    expect(offsetsOf(await read(set, { position: 10 }))).toEqual([10, 11, 12])
    expect(shown(await read(set, { position: 13 }))).toMatch(/^13 until 20: /)
  })
})

describe('offsets that cannot be end what is read of a batch, and no position follows them', () => {
  const OFFSETS = [10, 11, 12]
  test.each<[number, string, Buffer, RegExp]>([
    [53, 'outside of it', ten({ lastOffsetDelta: 2 }), /^13 until undefined/],
    [53, 'that go back', withThird({ value: 'x', offsetDelta: 1 }), /^13 until 20: .*offset 11/],
    [54, 'that leap', withThird({ value: 'x', offsetDelta: 1_000_000_000 }), /^13 until 20: .*offset 1000000010/],
  ])('%i %s', async (_row, _what, set, told) => {
    expect(offsetsOf(await read(set, { position: 10 }))).toEqual(OFFSETS)
    expect(shown(await read(set, { position: 13 }))).toMatch(told)
  })

  test('also where the first of them is one', async () => {
    const set = ten({ records: [{ offsetDelta: 5 }, { offsetDelta: 4 }], lastOffsetDelta: 9 })
    expect(offsetsOf(await read(set, { position: 10 }))).toEqual([15])
    expect(shown(await read(rawBatch({ records: [{ offsetDelta: -3 }] })))).toMatch(/^0 until 1: .*offset -3/)
  })
})

/** A record's bytes behind the length that they have. */
function framed(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([body.length << 1]), body])
}
