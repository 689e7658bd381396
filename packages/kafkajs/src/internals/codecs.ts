import zlib from 'node:zlib'
import { type CodecName, corrupt, tooLarge, unsupported } from './codec-fault.ts'
import { CompressionCodecs, CompressionTypes, requireInternal } from './kafkajs.ts'
import { inflateLz4 } from './lz4.ts'
import { inflateSnappy } from './snappy.ts'

export interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  decompress(input: Buffer): Promise<Buffer>
}

type CodecFactory = () => Codec
export type CodecTable = Record<number, CodecFactory>

/** @default 134217728 (128 MiB): more than any batch a broker accepts uncompressed by default. */
export const DEFAULT_MAX_DECOMPRESSED_BYTES: number = 128 * 1024 * 1024

const SMALLEST_CHUNK_BYTES = 16 * 1024
const LARGEST_CHUNK_BYTES = 1024 * 1024
/** What JSON inflates to; a wrong guess costs a few trips more. */
const USUAL_RATIO = 4

/** Each chunk of output is an allocation and a trip to the thread pool: one should do mostly. */
function chunkBytes(compressedBytes: number): number {
  const guess = compressedBytes * USUAL_RATIO
  return Math.min(Math.max(guess, SMALLEST_CHUNK_BYTES), LARGEST_CHUNK_BYTES)
}

type Callback = (error: Error | null, result: Buffer) => void
type Deflate = (input: Buffer, callback: Callback) => void
type Inflate = (
  input: Buffer,
  options: { readonly maxOutputLength: number; readonly chunkSize: number },
  callback: Callback,
) => void

/** The halves of zstd that `node:zlib` has since Node 22.15. */
export interface Zstd {
  readonly zstdCompress?: Deflate
  readonly zstdDecompress?: Inflate
}

function zlibCodec(name: CodecName, deflate: Deflate, inflate: Inflate, maxBytes: number): Codec {
  return {
    compress: (encoder) =>
      new Promise((resolve, reject) => {
        deflate(encoder.buffer, (error, result) => (error ? reject(error) : resolve(result)))
      }),
    decompress: (input) =>
      new Promise((resolve, reject) => {
        const options = { maxOutputLength: maxBytes, chunkSize: chunkBytes(input.length) }
        inflate(input, options, (error, result) => {
          if (error === null) resolve(result)
          else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
            reject(tooLarge(name, input.length, maxBytes))
          } else reject(corrupt(name, input.length, error.message))
        })
      }),
  }
}

function zstdCodec({ zstdCompress, zstdDecompress }: Zstd, maxBytes: number): Codec {
  if (zstdCompress && zstdDecompress) {
    return zlibCodec('zstd', zstdCompress, zstdDecompress, maxBytes)
  }
  const missing = () =>
    Promise.reject(unsupported('zstd', `needs Node 22.15 or later, or a codec in CompressionCodecs`))
  return { compress: missing, decompress: missing }
}

function readOnlyCodec(name: CodecName, inflate: (input: Buffer, maxBytes: number) => Buffer, maxBytes: number): Codec {
  return {
    compress: () =>
      Promise.reject(
        unsupported(
          name,
          'batches can be read but not written: produce with gzip or zstd, ' +
            'or register a codec in CompressionCodecs',
        ),
      ),
    decompress: async (input) => inflate(input, maxBytes),
  }
}

/** The four codecs of Kafka, none of which returns more than `maxDecompressedBytes`. */
export function createCodecs(
  maxDecompressedBytes: number,
  zstd: Zstd = zlib as Zstd,
): Readonly<Record<CodecName, Codec>> {
  return {
    gzip: zlibCodec('gzip', zlib.gzip as Deflate, zlib.unzip as Inflate, maxDecompressedBytes),
    snappy: readOnlyCodec('snappy', inflateSnappy, maxDecompressedBytes),
    lz4: readOnlyCodec('lz4', inflateLz4, maxDecompressedBytes),
    zstd: zstdCodec(zstd, maxDecompressedBytes),
  }
}

const TYPES: Readonly<Record<CodecName, number>> = {
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

const limitOfOurs = new WeakMap<CodecFactory, number>()

/** kafkajs's own entries: a gzip without a limit, and three that throw. */
function isBuiltIn(factory: CodecFactory | undefined): boolean {
  if (factory === undefined) return true
  try {
    return factory() === requireInternal<Codec>('protocol/message/compression/gzip')
  } catch (error) {
    return error instanceof Error && error.name === 'KafkaJSNotImplemented'
  }
}

/**
 * Puts the limited codecs into kafkajs's table, which is one for the whole process: a codec that
 * the application registered stays, and of several limits the largest holds, lest one consumer
 * kill another. Returns the codecs that are in place through this call.
 */
export function registerCodecs(
  maxDecompressedBytes: number = DEFAULT_MAX_DECOMPRESSED_BYTES,
  table: CodecTable = CompressionCodecs as CodecTable,
): readonly CodecName[] {
  const codecs = createCodecs(maxDecompressedBytes)
  return (Object.keys(TYPES) as CodecName[]).filter((name) => {
    const present = table[TYPES[name]]
    const limit = present && limitOfOurs.get(present)
    const replaceable = limit === undefined ? isBuiltIn(present) : limit < maxDecompressedBytes
    if (!replaceable) return false
    const factory: CodecFactory = () => codecs[name]
    limitOfOurs.set(factory, maxDecompressedBytes)
    table[TYPES[name]] = factory
    return true
  })
}
