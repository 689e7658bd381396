import { gzipSync, zstdCompressSync } from 'node:zlib'
import { varInt } from '../internals/wire.ts'
import { rawBatch } from './raw-batch.ts'

/** Batches of one record of zeros, in as few bytes as its codec makes of them. */

const PIECE_BYTES = 65_536
/** gzip files can be strung together. */
const GZIP_PIECE_BYTES = 16 * 1024 ** 2

export type ZeroCodec = 'gzip' | 'snappy' | 'lz4' | 'zstd'

const NUMBERS: Readonly<Record<ZeroCodec, number>> = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 }

/** `bytes`: of the value, a multiple of 64 KiB, and of 16 MiB with gzip. */
export function zeros(codec: ZeroCodec, bytes: number): Buffer {
  // Attributes, two deltas and no key; then the value; then no headers.
  const fields = Buffer.concat([Buffer.from([0, 0, 0, 1]), varInt(bytes)])
  const head = Buffer.concat([varInt(fields.length + bytes + 1), fields])
  return rawBatch({ codec: NUMBERS[codec], count: 1, body: BODIES[codec](head, bytes) })
}

const TAIL = Buffer.from([0])

const BODIES: Readonly<Record<ZeroCodec, (head: Buffer, bytes: number) => Buffer>> = {
  gzip: (head, bytes) => {
    const piece = gzipSync(Buffer.alloc(GZIP_PIECE_BYTES))
    return Buffer.concat([gzipSync(head), ...times(bytes / GZIP_PIECE_BYTES, piece), gzipSync(TAIL)])
  },
  zstd: (head, bytes) => zstdCompressSync(Buffer.concat([head, Buffer.alloc(bytes), TAIL])),
  lz4: (head, bytes) => {
    const stored = (block: Buffer): Buffer => Buffer.concat([uint32LE(2 ** 31 + block.length), block])
    const pieces = times(bytes / PIECE_BYTES, Buffer.concat([uint32LE(LZ4_PIECE.length), LZ4_PIECE]))
    return Buffer.concat([LZ4_HEAD, stored(head), ...pieces, stored(TAIL), uint32LE(0)])
  },
  snappy: (head, bytes) => {
    const sized = (block: Buffer): Buffer => Buffer.concat([uint32BE(block.length), block])
    const literal = (text: Buffer): Buffer => sized(Buffer.from([text.length, (text.length - 1) << 2, ...text]))
    return Buffer.concat([
      SNAPPY_HEAD,
      literal(head),
      ...times(bytes / PIECE_BYTES, sized(SNAPPY_PIECE)),
      literal(TAIL),
    ])
  },
}

/** Version 1, independent blocks of 64 KiB, and the checksum of that. */
const LZ4_HEAD = Buffer.from('04224d18604082', 'hex')
/** One zero, 65,530 times the byte before, and five zeros: no block may end with a repetition. */
const LZ4_PIECE = Buffer.concat([
  Buffer.from([0x1f, 0, 1, 0]),
  Buffer.alloc(Math.floor((65_530 - 4 - 15) / 255), 255),
  Buffer.from([(65_530 - 4 - 15) % 255, 0x50, 0, 0, 0, 0, 0]),
])

/** The framing of Java's library. */
const SNAPPY_HEAD = Buffer.from('82534e41505059000000000100000001', 'hex')
/** Its length, 60 zeros, 4 times the byte before, and then 64 times each. */
const SNAPPY_PIECE = Buffer.concat([
  Buffer.from([0x80, 0x80, 0x04, 59 << 2]),
  Buffer.alloc(60),
  Buffer.from([2 | (3 << 2), 1, 0]),
  ...times(1_023, Buffer.from([2 | (63 << 2), 1, 0])),
])

function times(count: number, piece: Buffer): Buffer[] {
  return Array.from({ length: count }, () => piece)
}

function uint32LE(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint32BE(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
