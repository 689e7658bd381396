import { amend } from '../amendments.ts'
import type { BrokerInternals } from '../cluster.ts'
import { type AskedTopic, type DecodeOptions, decodeFetchResponse, FIRST_VERSION } from './fetch-response.ts'

const FETCH = 1

/**
 * Reads the fetch responses of a broker here instead of in kafkajs, where one record that cannot be decoded fails all of a
 * response, and with it the consumer. Only this consumer's requests are changed: its brokers are its own.
 */
export function decodeFetches(broker: BrokerInternals, options: DecodeOptions): void {
  amend(broker, 'decode', (apiKey, make) => {
    if (apiKey !== FETCH) return make
    return (fields) => {
      const made = make(fields)
      const { topics } = fields as { readonly topics: readonly AskedTopic[] }
      const { apiVersion } = made.request
      if (apiVersion < FIRST_VERSION) return made
      const decode = (raw: Buffer) => decodeFetchResponse(raw, apiVersion, topics, options)
      return { ...made, response: { ...made.response, decode } }
    }
  })
}
