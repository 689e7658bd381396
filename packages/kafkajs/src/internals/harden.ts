import { translateError } from '../translate-error.ts'
import { DEFAULT_MAX_DECOMPRESSED_BYTES, registerCodecs } from './codecs.ts'
import { mendHeaders } from './headers.ts'
import { mendHeartbeat } from './heartbeat.ts'
import { mendNumbers } from './numbers.ts'
import { mendRequestQueue } from './request-queue.ts'
import { assertKnownKafkajs } from './self-test.ts'
import { mendHeaderNames } from './wire-headers.ts'

/** Options of `hardenKafkajs`. */
export interface HardenOptions {
  /**
   * The most a compressed record batch may inflate to. It holds for the whole process; of several
   * values the largest.
   * @default 134217728 (128 MiB)
   */
  readonly maxDecompressedBytes?: number
}

/**
 * Checks the installed kafkajs and mends it for the whole process; calling it again changes
 * nothing but a raised limit. Where kafkajs is not the known one nothing is mended.
 * @throws HF_DRIVER_INCOMPATIBLE
 */
export function hardenKafkajs(options: HardenOptions = {}): void {
  try {
    mend(options)
  } catch (error) {
    throw translateError(error, { brokers: [] })
  }
}

function mend(options: HardenOptions): void {
  assertKnownKafkajs()
  mendRequestQueue()
  mendHeaders()
  mendHeaderNames()
  mendNumbers()
  mendHeartbeat()
  registerCodecs(options.maxDecompressedBytes ?? DEFAULT_MAX_DECOMPRESSED_BYTES)
  // A record decoded through the mends must still read as it was written.
  assertKnownKafkajs()
}
