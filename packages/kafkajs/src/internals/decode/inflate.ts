import { type CodecName, unsupported } from '../codec-fault.ts'
import type { CodecTable } from '../codecs.ts'
import { InternalFault } from '../fault.ts'
import { CompressionCodecs } from '../kafkajs.ts'

/** By their numbers in a batch. */
const NAMES: readonly (CodecName | undefined)[] = [undefined, 'gzip', 'snappy', 'lz4', 'zstd']

/** The records of a batch, inflated; those of one without a codec as they are. */
export function inflate(codec: number, body: Buffer): Buffer | Promise<Buffer> {
  if (codec === 0) return body
  const name = NAMES[codec]
  // kafkajs takes them for not compressed.
  if (name === undefined)
    throw new InternalFault('HF_CODEC', `a record batch names codec ${codec}, which Kafka does not have`, { codec })
  const factory = (CompressionCodecs as CodecTable)[codec]
  if (factory === undefined) throw unsupported(name, 'is not registered in CompressionCodecs')
  return factory().decompress(body)
}
