import { guardedLogger, type Logger, type OutgoingRecord } from '@holdfast/core'
import { hardenKafkajs } from './internals/harden.ts'
import { type KafkajsOptions, resolveKafkajsOptions } from './options.ts'
import { RecordProducer } from './produce/record-producer.ts'

/** Writes records outside of a consumer, as for the relay of an outbox. */
export interface RecordWriter extends AsyncDisposable {
  /**
   * Resolves when every in-sync replica has all of them (`acks=all`, idempotent), those of one partition in their order. Rejects
   * with a `HoldfastError`: HF_PRODUCE_FAILED, HF_RECORD_REFUSED, HF_RECORD_TOO_LARGE, HF_PARTITION_MISSING, HF_TOPIC_MISSING,
   * HF_AUTH_FAILED, HF_BROKER_UNREACHABLE, or after `stop` HF_STATE_INVALID; any of them may have been written then. Settles within
   * half a minute. Needs no `this`.
   */
  readonly produce: (records: readonly OutgoingRecord[]) => Promise<void>
  /** Closes every connection; what is under way is given up. */
  stop(): Promise<void>
}

/**
 * A producer that connects with its first records. Topics are not created.
 * @throws HF_OPTION_INVALID, HF_SASL_WITHOUT_TLS, HF_DRIVER_INCOMPATIBLE
 */
export function createProducer(options: KafkajsOptions, { logger = noLogger }: { logger?: Logger } = {}): RecordWriter {
  const config = resolveKafkajsOptions(options)
  const { maxDecompressedBytes } = config
  hardenKafkajs(maxDecompressedBytes === undefined ? {} : { maxDecompressedBytes })
  const producer = new RecordProducer(config, guardedLogger(logger))
  return {
    produce: (records) => producer.produce(records),
    stop: () => producer.stop(),
    [Symbol.asyncDispose]: () => producer.stop(),
  }
}

const ignore = (): void => undefined
/** Errors reject; what else kafkajs says is for debugging. */
const noLogger: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => noLogger,
}
