import { corrupt, tooLarge } from './codec-fault.ts'
import { copyLiteral, copyMatch } from './copy-match.ts'

/**
 * The LZ4 frame format. Java writes version 1, independent blocks of 64 KiB, no checksums but the
 * header's; librdkafka and Go add content checksums and other block sizes, Python links blocks.
 * Checksums are skipped: kafka's own CRC covers the batch, and clients before 0.10 wrote a wrong
 * header checksum.
 */
const FRAME_MAGIC = 0x184d2204
const STORED_BLOCK = 0x80000000
const SMALLEST_FRAME_BYTES = 7

interface Frame {
  readonly bodyStart: number
  readonly blockBytes: number
  readonly checksumBytes: number
}

function readFrame(input: Buffer): Frame {
  if (input.length < SMALLEST_FRAME_BYTES || input.readUInt32LE(0) !== FRAME_MAGIC) {
    throw corrupt('lz4', input.length, 'no LZ4 frame')
  }
  const flags = input.readUInt8(4)
  const sizeClass = (input.readUInt8(5) >>> 4) & 7
  if (flags >>> 6 !== 1 || (flags & 0x01) !== 0 || sizeClass < 4) {
    throw corrupt('lz4', input.length, `unknown frame flags ${flags.toString(16)}`)
  }
  return {
    bodyStart: SMALLEST_FRAME_BYTES + ((flags & 0x08) === 0 ? 0 : 8),
    blockBytes: 1 << (8 + 2 * sizeClass),
    checksumBytes: (flags & 0x10) === 0 ? 0 : 4,
  }
}

/**
 * Writes one block from `at` on and returns the end of what it wrote, or would write where there is no `out`; -1 when the block
 * breaks the format, or does not fit before `outEnd`.
 */
function inflateBlock(
  input: Buffer,
  start: number,
  end: number,
  out: Buffer | undefined,
  outStart: number,
  outEnd: number,
): number {
  let from = start
  let at = outStart
  while (from < end) {
    const token = input[from++] as number
    let length = token >>> 4
    if (length === 15) {
      let more = 255
      while (more === 255 && from < end) length += more = input[from++] as number
    }
    if (from + length > end || at + length > outEnd) return -1
    if (out !== undefined) copyLiteral(input, from, out, at, length)
    from += length
    at += length
    // Only the last sequence has no match, and every block ends with one.
    if (from === end) return at
    if (from + 2 > end) return -1
    const distance = (input[from] as number) | ((input[from + 1] as number) << 8)
    from += 2
    length = token & 15
    if (length === 15) {
      let more = 255
      while (more === 255 && from < end) length += more = input[from++] as number
    }
    length += 4
    if (distance === 0 || distance > at || at + length > outEnd) return -1
    if (out !== undefined) copyMatch(out, at, distance, length)
    at += length
  }
  return -1
}

/**
 * Writes the blocks of a frame and returns how many bytes they hold, or would where there is no `out`. Nothing is kept of a block:
 * a frame can have millions of empty ones.
 */
function inflateFrame(input: Buffer, frame: Frame, out: Buffer | undefined, maxBytes: number): number {
  let at = 0
  let from = frame.bodyStart
  while (from + 4 <= input.length) {
    const head = input.readUInt32LE(from)
    if (head === 0) return at
    const isStored = head >= STORED_BLOCK
    const start = from + 4
    const end = start + (isStored ? head - STORED_BLOCK : head)
    if (end > input.length) break
    const outEnd = isStored ? at + end - start : inflateBlock(input, start, end, out, at, at + frame.blockBytes)
    if (outEnd < 0) throw corrupt('lz4', input.length, 'bad block')
    if (outEnd > maxBytes) throw tooLarge('lz4', input.length, maxBytes)
    if (isStored && out !== undefined) input.copy(out, at, start, end)
    at = outEnd
    from = end + frame.checksumBytes
  }
  throw corrupt('lz4', input.length, 'truncated')
}

/** Inflates LZ4 as Kafka clients write it; memory is taken only after the size is known, for which blocks are walked through. */
export function inflateLz4(input: Buffer, maxDecompressedBytes: number): Buffer {
  const frame = readFrame(input)
  const out = Buffer.allocUnsafeSlow(inflateFrame(input, frame, undefined, maxDecompressedBytes))
  inflateFrame(input, frame, out, maxDecompressedBytes)
  return out
}
