import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { requireInternal } from '../../src/internals/kafkajs.ts'
import { mendNumbers } from '../../src/internals/numbers.ts'

interface Long {
  readonly value: bigint
}
const LongClass = requireInternal<{ fromString(text: string): Long; fromValue(value: string): Long }>('utils/long')
const Decoder = requireInternal<new (buffer: Buffer) => { offset: number; readVarLong(): Long }>('protocol/decoder')
const original = { fromString: LongClass.fromString.bind(LongClass), readVarLong: Decoder.prototype.readVarLong }

beforeAll(() => mendNumbers())

const outcome = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    return String(error)
  }
}

describe('numbers read by plain arithmetic are those that kafkajs reads', () => {
  it('of any text', () => {
    const digits = fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String)
    const others = fc.constantFrom('', 'NaN', 'Infinity', '-1', '-0', '007', '0x10', '1e3', ' 1', '1.5', 'x')
    fc.assert(
      fc.property(
        fc.oneof(
          digits,
          digits.map((text) => text.slice(-15)),
          others,
          fc.string(),
        ),
        (text) => {
          const mended = outcome(() => LongClass.fromValue(text).value)
          expect(mended).toEqual(outcome(() => original.fromString(text).value))
        },
      ),
    )
  })

  it('of any bytes, with as many of them read', () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ min: 0x80, maxLength: 12 }))
    fc.assert(
      fc.property(bytes, (read) => {
        const [ours, theirs] = [new Decoder(Buffer.from(read)), new Decoder(Buffer.from(read))]
        const mended = outcome(() => ours.readVarLong().value)
        expect(mended).toEqual(outcome(() => original.readVarLong.call(theirs).value))
        expect(ours.offset).toBe(theirs.offset)
      }),
      { numRuns: 1_000 },
    )
  })
})
