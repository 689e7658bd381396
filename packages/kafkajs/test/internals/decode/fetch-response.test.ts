import { beforeAll, describe, expect, test } from 'vitest'
import { decodeFetchResponse } from '../../../src/internals/decode/fetch-response.ts'
import { hardenKafkajs } from '../../../src/internals/harden.ts'
import { requireInternal } from '../../../src/internals/kafkajs.ts'
import { int16, int32, int64, rawBatch } from '../../hostile/raw-batch.ts'

interface Protocol {
  decode(raw: Buffer): Promise<{ responses: unknown[]; throttleTime: number; clientSideThrottleTime?: number }>
}

const OPTIONS = { maxInflatedBytes: 1_000_000, checkCrcs: false }

beforeAll(() => hardenKafkajs())

const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)])

/** A response as a broker of that version writes it, with a record set for each partition. */
function response(version: number, sets: readonly Buffer[], topic = 't'): Buffer {
  const partitions = sets.map((set, partition) =>
    Buffer.concat([
      int32(partition),
      int16(0),
      int64(20),
      int64(18),
      ...(version >= 5 ? [int64(3)] : []),
      int32(1),
      int64(77),
      int64(5),
      ...(version >= 11 ? [int32(2)] : []),
      int32(set.length),
      set,
    ]),
  )
  const head = version >= 7 ? [int32(9), int16(0), int32(0)] : [int32(9)]
  return Buffer.concat([...head, int32(1), text(topic), int32(sets.length), ...partitions])
}

const asked = (partitions: number, fetchOffset = '0') => [
  {
    topic: 't',
    partitions: Array.from({ length: partitions }, (_, partition) => ({ partition, fetchOffset, maxBytes: 9_999 })),
  },
]

const good = rawBatch({
  records: [
    {
      key: 'k',
      value: 'a',
      headers: [
        ['h', 'x'],
        ['h', null],
      ],
      timestampDelta: 5,
    },
    { value: null },
  ],
  producerId: 77,
  attributes: 0x10,
})

describe('a response', () => {
  test.each([4, 5, 6, 7, 8, 9, 10, 11])('of version %i is read as kafkajs reads it', async (version) => {
    const raw = response(version, [good, Buffer.alloc(0), rawBatch({ codec: 1, attributes: 0x28, maxTimestamp: 99 })])
    const theirs = await requireInternal<Protocol>(`protocol/requests/fetch/v${version}/response`).decode(raw)
    const ours = await decodeFetchResponse(raw, version, asked(3), OPTIONS)
    const { throttleTime, clientSideThrottleTime, responses } = theirs
    expect(ours).toMatchObject({ throttleTime, responses })
    expect(ours.clientSideThrottleTime).toBe(clientSideThrottleTime)
  })

  test('in which one partition cannot be decoded has the others', async () => {
    const raw = response(11, [good, rawBatch({ codec: 5 }), good])
    const { responses } = await decodeFetchResponse(raw, 11, asked(3), OPTIONS)
    const partitions = responses[0]?.partitions ?? []
    expect(partitions.map(({ messages }) => messages.length)).toEqual([2, 0, 2])
    expect(partitions.map(({ undecodable }) => undecodable?.firstOffset)).toEqual([undefined, 0, undefined])
  })

  test.each<[string, Buffer]>([
    ['of 2^31 - 1 topics', Buffer.concat([int32(0), int16(0), int32(0), int32(2 ** 31 - 1)])],
    ['of -2 topics', Buffer.concat([int32(0), int16(0), int32(0), int32(-2)])],
    ['that is cut off', response(11, [good]).subarray(0, -1)],
    ['of another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['of nothing', Buffer.alloc(0)],
  ])('%s is none', async (_what, raw) => {
    await expect(decodeFetchResponse(raw, 11, asked(1), OPTIONS)).rejects.toThrow(RangeError)
  })
})
