import client from 'kafkajs'
import { scaled } from '../scale.ts'
import type { MemberPorts, Place } from './arm.ts'

/** kafkajs's defaults of what is a time, in the story's time. */
export const SCALED_DEFAULTS = {
  sessionTimeout: scaled(30),
  rebalanceTimeout: scaled(60),
  heartbeatInterval: scaled(3),
  maxWaitTimeInMs: Math.round(scaled(5)),
} as const

/** kafkajs as it is, with the given handlers. */
export async function runRaw(
  { brokers, groupId, topic }: Place,
  ports: MemberPorts,
  run: client.ConsumerRunConfig,
  config: Partial<client.ConsumerConfig> = {},
): Promise<void> {
  const kafka = new client.Kafka({ brokers: [...brokers] })
  const consumer = kafka.consumer({ groupId, ...SCALED_DEFAULTS, ...config })
  consumer.on('consumer.group_join', ({ payload }) => ports.assigned(payload.memberAssignment[topic] ?? []))
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run(run)
}
