import type { Logger } from '@holdfast/core'
import type { InternalFault } from './internals/fault.ts'
import { createFrameGuard } from './internals/frame-guard.ts'
import { Kafka, type KafkaConfig, logLevel, type RetryOptions } from './internals/kafkajs.ts'
import { forwardLogs } from './log-creator.ts'
import type { KafkajsConfig } from './options.ts'

export interface ClientOptions {
  readonly logger: Logger
  readonly retry: RetryOptions
  readonly onFault?: (fault: InternalFault) => void
}

/** A kafkajs client of its own for every use: instances share a map of offsets between their consumers. */
export function createClient(config: KafkajsConfig, { logger, retry, onFault }: ClientOptions): Kafka {
  const { brokers, clientId, ssl, sasl, connectionTimeoutMs, requestTimeoutMs } = config
  const guard = createFrameGuard(onFault === undefined ? {} : { onFault })
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    retry,
    ssl,
    ...(sasl === undefined ? {} : { sasl: sasl as NonNullable<KafkaConfig['sasl']> }),
    socketFactory: guard.socketFactory,
    logLevel: logLevel.WARN,
    logCreator: forwardLogs(logger),
  })
}
