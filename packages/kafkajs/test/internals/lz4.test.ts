import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inflateLz4 } from '../../src/internals/lz4.ts'
import frames from './fixtures/lz4-frames.json' with { type: 'json' }
import { applyOps, copyOp, literalOp, type Op, opsArbitrary } from './match-ops.ts'
import { repetitiveText } from './samples.ts'

const LIMIT = 1 << 20
const HEADER = Buffer.from('04224d18604082', 'hex')
const END = Buffer.alloc(4)

function extension(length: number): number[] {
  if (length < 15) return []
  const bytes: number[] = []
  let rest = length - 15
  for (; rest >= 255; rest -= 255) bytes.push(255)
  return [...bytes, rest]
}

/** Literal, copy, literal, copy, …, literal. */
function block(ops: readonly Op[]): Buffer {
  const parts: Buffer[] = []
  for (let i = 0; i < ops.length; i += 2) {
    const literal = ops[i]
    const copy = ops[i + 1]
    const bytes = literal?.kind === 'literal' ? literal.bytes : Buffer.alloc(0)
    const match = copy?.kind === 'copy' ? copy.length - 4 : 0
    const token = (Math.min(bytes.length, 15) << 4) | Math.min(match, 15)
    parts.push(Buffer.from([token, ...extension(bytes.length)]), bytes)
    if (copy?.kind === 'copy') {
      parts.push(Buffer.from([copy.distance & 255, copy.distance >> 8, ...extension(match)]))
    }
  }
  return Buffer.concat(parts)
}

function withLength(bytes: Buffer, stored = false): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(stored ? bytes.length + 0x80000000 : bytes.length)
  return Buffer.concat([length, bytes])
}

const frame = (...blocks: Buffer[]): Buffer => Buffer.concat([HEADER, ...blocks, END])
const BANANA = block([literalOp('ban'), copyOp(2, 4), literalOp('!')])

describe('lz4', () => {
  it('inflates blocks, stored ones and none', () => {
    expect(inflateLz4(frame(withLength(BANANA)), LIMIT).toString()).toBe('bananan!')
    const stored = withLength(Buffer.from('stored'), true)
    expect(inflateLz4(frame(stored, withLength(BANANA)), LIMIT).toString()).toBe('storedbananan!')
    expect(inflateLz4(frame(), LIMIT)).toHaveLength(0)
  })

  it.each(Object.entries(frames))('reads what the lz4 tool writes: %s', (_, base64) => {
    expect(inflateLz4(Buffer.from(base64, 'base64'), LIMIT).toString()).toBe(repetitiveText(70_000))
  })

  it('agrees with a naive model', () => {
    fc.assert(
      fc.property(fc.array(opsArbitrary, { minLength: 1, maxLength: 3 }), (blocks) => {
        const expected = Buffer.concat(blocks.map(applyOps))
        const input = frame(...blocks.map((ops) => withLength(block(ops))))
        expect(inflateLz4(input, LIMIT).equals(expected)).toBe(true)
        expect(inflateLz4(input, expected.length).equals(expected)).toBe(true)
        expect(() => inflateLz4(input, expected.length - 1)).toThrow('maxDecompressedBytes')
      }),
      { numRuns: 300 },
    )
  })

  it('takes any bytes without reading or writing beyond them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isBlock) => {
        const body = Buffer.from(bytes)
        const input = isBlock ? frame(withLength(body)) : Buffer.concat([HEADER, body])
        try {
          expect(inflateLz4(input, LIMIT).length).toBeLessThanOrEqual(LIMIT)
        } catch (error) {
          expect(error).toMatchObject({ code: 'HF_CODEC' })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('refuses a bomb at the limit', () => {
    const zeros = withLength(block([literalOp('0'), copyOp(1, 60_000), literalOp('end')]))
    const bomb = frame(...Array.from({ length: 100 }, () => zeros))
    expect(inflateLz4(bomb, 100 * 60_004)).toHaveLength(6_000_400)
    expect(() => inflateLz4(bomb, 6_000_399)).toThrow('inflates to more than maxDecompressedBytes')
    const stored = frame(withLength(Buffer.alloc(100), true))
    expect(() => inflateLz4(stored, 99)).toThrow('maxDecompressedBytes')
  })

  it('passes over blocks that hold nothing', () => {
    const empty = Array.from({ length: 100_000 }, () => withLength(Buffer.alloc(0), true))
    expect(inflateLz4(frame(...empty, withLength(Buffer.from('end'), true)), 3).toString()).toBe('end')
  })

  it.each<[string, Buffer, string]>([
    ['another magic', Buffer.from('02214c186040821234', 'hex'), 'no LZ4 frame'],
    ['nothing', Buffer.alloc(0), 'no LZ4 frame'],
    ['another version', Buffer.concat([Buffer.from('04224d18204082', 'hex'), END]), 'frame flags'],
    ['a dictionary', Buffer.concat([Buffer.from('04224d18614082', 'hex'), END]), 'frame flags'],
    ['no end mark', frame(withLength(BANANA)).subarray(0, -4), 'truncated'],
    ['a truncated block', frame(withLength(BANANA)).subarray(0, -6), 'truncated'],
    ['a block without its last literals', frame(withLength(BANANA.subarray(0, -2))), 'bad block'],
    ['a distance of 0', frame(withLength(block([literalOp('a'), copyOp(0, 4), literalOp('b')]))), 'bad block'],
    [
      'a copy from before the output',
      frame(withLength(block([literalOp('a'), copyOp(2, 4), literalOp('b')]))),
      'bad block',
    ],
    [
      'a block above its size class',
      frame(withLength(block([literalOp('a'), copyOp(1, 70_000), literalOp('b')]))),
      'bad block',
    ],
    ['an endless length', frame(withLength(Buffer.alloc(50, 0xff))), 'bad block'],
  ])('refuses %s', (_, input, reason) => {
    expect(() => inflateLz4(input, LIMIT)).toThrow(reason)
  })
})
