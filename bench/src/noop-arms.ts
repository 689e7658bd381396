import { type ConsumerOptions, createConsumer, on } from '@holdfast/core'
import { kafkajs } from '@holdfast/kafkajs'
import client from 'kafkajs'
import type { Arm, ArmSettings } from './arm.ts'

/** The same for both sides; everything else stays at each side's default. */
const FETCH_MAX_WAIT_MS = 250

function rawConsumer({ brokers, groupId }: ArmSettings): client.Consumer {
  const kafka = new client.Kafka({ brokers: [...brokers], logLevel: client.logLevel.NOTHING })
  return kafka.consumer({ groupId, maxWaitTimeInMs: FETCH_MAX_WAIT_MS })
}

function rawArm(config: (seen: (count: number) => void) => client.ConsumerRunConfig): Arm {
  return async (settings, seen) => {
    const consumer = rawConsumer(settings)
    await consumer.connect()
    await consumer.subscribe({ topics: [settings.topic], fromBeginning: true })
    await consumer.run({ autoCommitInterval: 1_000, ...config(seen) })
    return () => consumer.disconnect()
  }
}

function holdfastArm(
  options: (
    topic: string,
    seen: (count: number) => void,
  ) => Pick<ConsumerOptions, 'handlers'> & Partial<ConsumerOptions>,
): Arm {
  return async ({ brokers, groupId, topic }, seen) => {
    const silent = (): void => undefined
    const logger = {
      trace: silent,
      debug: silent,
      info: silent,
      warn: silent,
      error: console.error,
      child: () => logger,
    }
    const consumer = createConsumer({
      driver: kafkajs({ brokers }),
      groupId,
      logger,
      fetchMaxWaitMs: FETCH_MAX_WAIT_MS,
      ...options(topic, seen),
    })
    const running = consumer.run()
    return async () => {
      await consumer.stop()
      await running
    }
  }
}

/** Handlers that do nothing but count: what is left is the cost of the framework. */
export const NOOP_ARMS: Readonly<Record<string, Arm>> = {
  'raw eachBatch': rawArm((seen) => ({
    eachBatch: async ({ batch }) => seen(batch.messages.length),
  })),
  'raw eachMessage': rawArm((seen) => ({ eachMessage: async () => seen(1) })),
  'holdfast batch': holdfastArm((topic, seen) => ({
    handlers: [on(topic, { batch: true }, async (records) => seen(records.length))],
  })),
  'holdfast record': holdfastArm((topic, seen) => ({ order: 'partition', handlers: [on(topic, async () => seen(1))] })),
  'holdfast key order': holdfastArm((topic, seen) => ({
    order: 'key',
    concurrency: 100,
    handlers: [on(topic, async () => seen(1))],
  })),
}
