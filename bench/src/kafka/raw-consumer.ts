import client from 'kafkajs'
import { type ArmSettings, FETCH_MAX_WAIT_MS, type Stop } from './arm-settings.ts'

/** kafkajs as it is, with the given handlers. */
export async function runRaw(
  { brokers, groupId, topic }: ArmSettings,
  config: client.ConsumerRunConfig,
): Promise<Stop> {
  const kafka = new client.Kafka({ brokers: [...brokers], logLevel: client.logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: FETCH_MAX_WAIT_MS })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({ autoCommitInterval: 1_000, ...config })
  return () => consumer.disconnect()
}
