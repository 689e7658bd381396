import { InternalFault } from './fault.ts'

export type CodecName = 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** A batch that inflates beyond the limit: a bomb, or a limit set too low for this producer. */
export function tooLarge(codec: CodecName, compressedBytes: number, maxDecompressedBytes: number): InternalFault {
  return new InternalFault(
    'HF_CODEC',
    `a ${codec} record batch of ${compressedBytes} bytes inflates to more than ` +
      `maxDecompressedBytes (${maxDecompressedBytes}): raise the setting, or let the producer ` +
      'send smaller batches',
    { codec, compressedBytes, maxDecompressedBytes },
  )
}

export function corrupt(codec: CodecName, compressedBytes: number, reason: string): InternalFault {
  return new InternalFault('HF_CODEC', `a ${codec} record batch of ${compressedBytes} bytes is corrupt: ${reason}`, {
    codec,
    compressedBytes,
    reason,
  })
}

export function unsupported(codec: CodecName, reason: string): InternalFault {
  return new InternalFault('HF_CODEC_MISSING', `${codec} ${reason}`, { codec })
}
