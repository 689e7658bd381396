import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameCheck } from '../../src/internals/frame-check.ts'

const MAX = 1_000

function frame(bodyBytes: number): Buffer {
  const bytes = Buffer.alloc(4 + bodyBytes, 7)
  bytes.writeInt32BE(bodyBytes)
  return bytes
}

function lengthOf(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Cuts a stream at the given places. */
function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b)
  return [...ends, stream.length].map((end, i) => stream.subarray(ends[i - 1] ?? 0, end))
}

describe('FrameCheck', () => {
  it('takes good frames and finds the first bad one, wherever the chunks are cut', () => {
    const sizes = fc.array(fc.integer({ min: 4, max: 60 }), { maxLength: 8 })
    const badLength = fc.constantFrom(0, -1, 3, MAX + 1, -(2 ** 31), 2 ** 31 - 1)
    fc.assert(
      fc.property(sizes, badLength, fc.array(fc.nat(), { maxLength: 40 }), (good, bad, places) => {
        const stream = Buffer.concat([...good.map(frame), lengthOf(bad), Buffer.alloc(9)])
        const check = new FrameCheck(MAX)
        const found = cut(stream, places)
          .map((chunk) => check.accept(chunk))
          .find((verdict) => verdict !== undefined)
        expect(found).toMatchObject({ frameBytes: bad, isFirst: good.length === 0 })
        expect(found?.bytes.subarray(0, 4)).toEqual(lengthOf(bad))
      }),
    )
  })

  it('says nothing of good frames byte by byte', () => {
    const check = new FrameCheck(MAX)
    const stream = Buffer.concat([frame(4), frame(MAX), frame(17)])
    for (const byte of stream) expect(check.accept(Buffer.of(byte))).toBeUndefined()
    expect(check.hasSpoken).toBe(true)
  })

  it('knows HTTP and TLS although a higher limit would let them pass', () => {
    for (const start of ['HTTP/1.1 400', '\x15\x03\x03\x00\x02\x02\x28', '\x16\x03\x03\x00']) {
      const bytes = Buffer.from(start, 'latin1')
      expect(new FrameCheck(2 ** 31 - 1).accept(bytes)).toMatchObject({ isFirst: true, bytes })
    }
    const check = new FrameCheck(2 ** 31 - 1)
    check.accept(frame(8))
    expect(check.accept(Buffer.from('HTTP'))).toBeUndefined()
  })

  it('counts a whole length as spoken, not a part of one', () => {
    const check = new FrameCheck(MAX)
    check.accept(Buffer.of(0, 0, 0))
    expect(check.hasSpoken).toBe(false)
    check.accept(Buffer.of(4))
    expect(check.hasSpoken).toBe(true)
  })
})
