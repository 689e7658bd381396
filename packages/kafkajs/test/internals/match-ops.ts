import fc from 'fast-check'

/** What snappy and LZ4 are made of: bytes as they are, and repetitions of earlier output. */
export type Op =
  | { readonly kind: 'literal'; readonly bytes: Buffer }
  | { readonly kind: 'copy'; readonly distance: number; readonly length: number }

export const literalOp = (text: string): Op => ({ kind: 'literal', bytes: Buffer.from(text) })
export const copyOp = (distance: number, length: number): Op => ({ kind: 'copy', distance, length })

/** The naive model: one byte after the other. */
export function applyOps(ops: readonly Op[]): Buffer {
  const out: number[] = []
  for (const op of ops) {
    if (op.kind === 'literal') out.push(...op.bytes)
    else for (let i = 0; i < op.length; i++) out.push(out[out.length - op.distance] as number)
  }
  return Buffer.from(out)
}

const rawOp = fc.record({
  bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  distance: fc.nat(),
  length: fc.integer({ min: 4, max: 400 }),
})

/** Literals and copies in turn, every copy within what stands before it, a literal at the end. */
export const opsArbitrary: fc.Arbitrary<Op[]> = fc.array(rawOp, { minLength: 1, maxLength: 12 }).map((raw) => {
  const ops: Op[] = []
  let written = 0
  for (const { bytes, distance, length } of raw) {
    ops.push({ kind: 'literal', bytes: Buffer.from(bytes) })
    written += bytes.length
    ops.push(copyOp(1 + (distance % written), length))
    written += length
  }
  return [...ops, literalOp('end')]
})
