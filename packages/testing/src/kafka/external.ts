import type { KafkaRequest } from './options.ts'
import { ProvisioningError } from './provisioning-error.ts'
import { untilReady } from './ready.ts'
import type { BringUp, Way } from './way.ts'

const READY_MS = 30_000

/** The brokers that KAFKA_BROKERS names. They were asked for, so nothing else is tried instead. */
export const external: Way = {
  via: 'external',
  label: 'KAFKA_BROKERS',
  async bringUp(request): Promise<BringUp> {
    const value = request.env.KAFKA_BROKERS
    if (!value)
      return {
        absent: 'KAFKA_BROKERS is not set',
        remedy: 'set it to host:port of a running Kafka',
      }
    const brokers = parseBrokers(value)
    refuseWhatCannotBe(request)
    await untilReady({
      brokers,
      least: request.brokers,
      depth: 'served',
      deadlineMs: READY_MS,
    })
    return {
      up: {
        via: 'external',
        title: `external Kafka at ${brokers.join()}`,
        brokers,
        saslBrokers: [],
        hosts: [],
        ready: async () => undefined,
        dispose: async () => undefined,
      },
    }
  },
}

/** `host:port`, several separated by commas, each with or without a scheme. */
export function parseBrokers(value: string): string[] {
  const brokers = value
    .split(',')
    .map((part) => part.trim().replace(/^[a-z+]+:\/\//i, ''))
    .filter((part) => part !== '')
  const wrong = brokers.find((broker) => !/^[^/\s]+:\d{1,5}$/.test(broker))
  if (brokers.length === 0 || wrong !== undefined)
    throw new ProvisioningError('KAFKA_OPTION_INVALID', `KAFKA_BROKERS: "${wrong ?? value}" is not host:port`)
  return brokers
}

function refuseWhatCannotBe({ sasl, properties }: KafkaRequest): void {
  const asked = [sasl && 'sasl', Object.keys(properties).length > 0 && 'properties']
  const refused = asked.filter((name) => typeof name === 'string')
  if (refused.length > 0)
    throw new ProvisioningError(
      'KAFKA_OPTION_INVALID',
      `${refused.join(' and ')} cannot be given to a Kafka that is already running; ` +
        'unset KAFKA_BROKERS, or force one with HOLDFAST_KAFKA=jvm',
    )
}
