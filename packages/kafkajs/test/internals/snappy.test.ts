import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inflateSnappy } from '../../src/internals/snappy.ts'
import { applyOps, copyOp, literalOp, type Op, opsArbitrary } from './match-ops.ts'

const LIMIT = 1 << 20

function uVarInt(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}

function encodeLiteral(bytes: Buffer): Buffer {
  const size = bytes.length - 1
  if (size < 60) return Buffer.concat([Buffer.from([size << 2]), bytes])
  if (size < 256) return Buffer.concat([Buffer.from([60 << 2, size]), bytes])
  return Buffer.concat([Buffer.from([61 << 2, size & 255, size >> 8]), bytes])
}

/** Each of the three copy forms where it can express the operation. */
function encodeCopy(distance: number, length: number): Buffer {
  const parts: Buffer[] = []
  for (let left = length; left > 0; ) {
    const step = Math.min(left, 64)
    if (step >= 4 && step <= 11 && distance < 2048) {
      parts.push(Buffer.from([1 | ((step - 4) << 2) | ((distance >> 8) << 5), distance & 255]))
    } else if (left % 2 === 0) {
      parts.push(Buffer.from([2 | ((step - 1) << 2), distance & 255, distance >> 8]))
    } else {
      parts.push(Buffer.from([3 | ((step - 1) << 2), distance & 255, distance >> 8, 0, 0]))
    }
    left -= step
  }
  return Buffer.concat(parts)
}

function block(ops: readonly Op[]): Buffer {
  const elements = ops.map((op) =>
    op.kind === 'literal' ? encodeLiteral(op.bytes) : encodeCopy(op.distance, op.length),
  )
  return Buffer.concat([uVarInt(applyOps(ops).length), ...elements])
}

function xerial(blocks: readonly Buffer[]): Buffer {
  const header = Buffer.from('82534e41505059000000000100000001', 'hex')
  const framed = blocks.flatMap((bytes) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return [length, bytes]
  })
  return Buffer.concat([header, ...framed])
}

const BANANA = [literalOp('ba'), literalOp('n'), literalOp('a'), copyOp(2, 2)]

describe('snappy', () => {
  it('inflates a bare block', () => {
    expect(inflateSnappy(block(BANANA), LIMIT).toString()).toBe('banana')
  })

  it('inflates xerial blocks, none included', () => {
    expect(inflateSnappy(xerial([block(BANANA), block(BANANA)]), LIMIT).toString()).toBe('bananabanana')
    expect(inflateSnappy(xerial([]), LIMIT)).toHaveLength(0)
  })

  it('passes over blocks that hold nothing', () => {
    const empty = Array.from({ length: 100_000 }, () => block([]))
    expect(inflateSnappy(xerial([...empty, block(BANANA)]), LIMIT).toString()).toBe('banana')
  })

  it('agrees with a naive model', () => {
    fc.assert(
      fc.property(fc.array(opsArbitrary, { minLength: 1, maxLength: 3 }), (blocks) => {
        const expected = Buffer.concat(blocks.map(applyOps))
        expect(inflateSnappy(xerial(blocks.map(block)), LIMIT).equals(expected)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('takes any bytes without reading or writing beyond them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, framed) => {
        const input = framed ? xerial([Buffer.from(bytes)]) : Buffer.from(bytes)
        try {
          expect(inflateSnappy(input, LIMIT).length).toBeLessThanOrEqual(input.length * 22)
        } catch (error) {
          expect(error).toMatchObject({ code: 'HF_CODEC' })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('refuses more than the limit before taking memory', () => {
    const zeros = block([literalOp('0'), copyOp(1, 6_399)])
    expect(inflateSnappy(zeros, 6_400)).toHaveLength(6_400)
    expect(() => inflateSnappy(zeros, 6_399)).toThrow('inflates to more than maxDecompressedBytes')
    expect(() => inflateSnappy(xerial([zeros, zeros]), 12_799)).toThrow('maxDecompressedBytes')
  })

  it.each<[string, Buffer, string]>([
    ['a length no block of this size can hold', uVarInt(2 ** 31), 'cannot hold'],
    ['fewer bytes than promised', Buffer.concat([uVarInt(4), encodeLiteral(Buffer.from('abc'))]), 'bad element'],
    ['more bytes than promised', Buffer.concat([uVarInt(2), encodeLiteral(Buffer.from('abc'))]), 'bad element'],
    [
      'a copy from before the block',
      Buffer.concat([uVarInt(6), encodeLiteral(Buffer.from('ab')), encodeCopy(3, 4)]),
      'bad element',
    ],
    [
      'a copy of distance 0',
      Buffer.concat([uVarInt(5), encodeLiteral(Buffer.from('a')), Buffer.from([1, 0])]),
      'bad element',
    ],
    ['a truncated literal', Buffer.concat([uVarInt(9), Buffer.from([8 << 2, 1])]), 'bad element'],
    ['a truncated block', xerial([block(BANANA)]).subarray(0, -1), 'truncated block'],
    ['a truncated block length', xerial([block(BANANA)]).subarray(0, 18), 'truncated block length'],
    ['a truncated header', xerial([]).subarray(0, 12), 'truncated header'],
    ['an endless length', Buffer.alloc(9, 0xff), 'no block length'],
    ['nothing', Buffer.alloc(0), 'no block length'],
  ])('refuses %s', (_, input, reason) => {
    expect(() => inflateSnappy(input, LIMIT)).toThrow(reason)
  })
})
