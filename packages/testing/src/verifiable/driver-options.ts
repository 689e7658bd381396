import type { KafkajsOptions } from '@holdfast/kafkajs'
import { type GivenProperties, type ReadText, readList, readWholeNumber } from './given.ts'
import { type Mapping, mapOptions } from './mapping.ts'
import { securityOptions } from './security.ts'

export const DRIVER_PROPERTIES: Mapping<KafkajsOptions> = {
  'bootstrap.servers': ['brokers', readList],
  'client.id': ['clientId', ({ text }) => text],
  'request.timeout.ms': ['requestTimeoutMs', readWholeNumber],
  'socket.connection.setup.timeout.ms': ['connectionTimeoutMs', readWholeNumber],
}

/**
 * How to reach the brokers.
 * @throws HF_OPTION_INVALID naming the flag or property
 */
export function driverOptions(given: GivenProperties, readText: ReadText): KafkajsOptions {
  return { brokers: [], ...mapOptions(DRIVER_PROPERTIES, given), ...securityOptions(given, readText) }
}
