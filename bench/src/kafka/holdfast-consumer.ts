import { type Consumer, type ConsumerOptions, createConsumer } from '@holdfast/core'
import { kafkajs } from '@holdfast/kafkajs'
import { type ArmSettings, FETCH_MAX_WAIT_MS, type Stop } from './arm-settings.ts'
import { errorsOnly } from './errors-only.ts'

export type HoldfastOptions = Pick<ConsumerOptions, 'handlers'> & Partial<ConsumerOptions>

export function createHoldfast({ brokers, groupId }: ArmSettings, options: HoldfastOptions): Consumer {
  return createConsumer({
    driver: kafkajs({ brokers }),
    groupId,
    logger: errorsOnly,
    fetchMaxWaitMs: FETCH_MAX_WAIT_MS,
    ...options,
  })
}

/** A consumer of ours, running. */
export async function runHoldfast(settings: ArmSettings, options: HoldfastOptions): Promise<Stop> {
  const consumer = createHoldfast(settings, options)
  const running = consumer.run()
  return async () => {
    await consumer.stop()
    await running
  }
}
