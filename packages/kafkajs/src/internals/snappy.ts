import { corrupt, tooLarge } from './codec-fault.ts'
import { copyLiteral, copyMatch } from './copy-match.ts'

/**
 * Java writes snappy in the framing of its xerial library: a magic, two versions, then blocks that
 * each carry their length. librdkafka and Go clients write one bare block.
 */
const XERIAL_MAGIC: Buffer = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16
/** Three bytes copy 64 at most; a block that claims more than this per byte is a lie. */
const HIGHEST_RATIO = 22

interface Block {
  readonly start: number
  readonly end: number
  readonly outputBytes: number
}

function readBlock(input: Buffer, at: number, end: number): Block {
  let outputBytes = 0
  let start = at
  for (let shift = 0; ; shift += 7) {
    const byte = input[start++]
    if (byte === undefined || start > end || shift > 28) {
      throw corrupt('snappy', input.length, 'no block length')
    }
    outputBytes += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (outputBytes > (end - start) * HIGHEST_RATIO) {
    throw corrupt('snappy', input.length, `${end - start} bytes cannot hold ${outputBytes}`)
  }
  return { start, end, outputBytes }
}

/** Writes one block to `out`; false when the block breaks the format. */
function inflateBlock(input: Buffer, block: Block, out: Buffer, outStart: number): boolean {
  const { end } = block
  const outEnd = outStart + block.outputBytes
  let from = block.start
  let at = outStart
  while (from < end) {
    const tag = input[from++] as number
    const kind = tag & 3
    let length = (tag >>> 2) + 1
    if (kind === 0) {
      if (length > 60) {
        const width = length - 60
        if (from + width > end) return false
        length = input.readUIntLE(from, width) + 1
        from += width
      }
      if (from + length > end || at + length > outEnd) return false
      copyLiteral(input, from, out, at, length)
      from += length
    } else {
      const width = kind === 3 ? 4 : kind
      if (from + width > end) return false
      let distance = input.readUIntLE(from, width)
      from += width
      if (kind === 1) {
        distance += (tag >>> 5) << 8
        length = ((tag >>> 2) & 7) + 4
      }
      if (distance === 0 || distance > at - outStart || at + length > outEnd) return false
      copyMatch(out, at, distance, length)
    }
    at += length
  }
  // A block shorter than it claims would leave foreign memory in the output.
  return at === outEnd
}

/**
 * Writes the blocks of an input and returns how many bytes they claim, and hold where there is an `out` to prove it. Nothing is
 * kept of a block: an input can have millions of empty ones.
 */
function inflateBlocks(input: Buffer, out: Buffer | undefined): number {
  let written = 0
  const take = (start: number, end: number): void => {
    const block = readBlock(input, start, end)
    if (out !== undefined && !inflateBlock(input, block, out, written))
      throw corrupt('snappy', input.length, 'bad element')
    written += block.outputBytes
  }
  if (!input.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    take(0, input.length)
    return written
  }
  if (input.length < XERIAL_HEADER_BYTES) throw corrupt('snappy', input.length, 'truncated header')
  let at = XERIAL_HEADER_BYTES
  while (at < input.length) {
    if (at + 4 > input.length) throw corrupt('snappy', input.length, 'truncated block length')
    const start = at + 4
    const end = start + input.readUInt32BE(at)
    if (end > input.length) throw corrupt('snappy', input.length, 'truncated block')
    take(start, end)
    at = end
  }
  return written
}

/** Inflates snappy as Kafka clients write it; memory is taken only after the size is known. */
export function inflateSnappy(input: Buffer, maxDecompressedBytes: number): Buffer {
  const totalBytes = inflateBlocks(input, undefined)
  if (totalBytes > maxDecompressedBytes) throw tooLarge('snappy', input.length, maxDecompressedBytes)
  const out = Buffer.allocUnsafeSlow(totalBytes)
  inflateBlocks(input, out)
  return out
}
