import { type ConsumerOptions, createConsumer, on } from '@holdfast/core'
import { kafkajs } from '@holdfast/kafkajs'
import { readRequest } from '../requests/mail-request.ts'
import { MAX_POLL_INTERVAL_MS, scaled } from '../scale.ts'
import type { Arm, MemberPorts, Place } from './arm.ts'

/** The defaults of what is a time for handlers or the group, in the story's time. */
const SCALED_DEFAULTS = {
  maxPollIntervalMs: MAX_POLL_INTERVAL_MS,
  sessionTimeoutMs: scaled(45),
  heartbeatIntervalMs: scaled(3),
} as const

/** Every other option is at its default. */
export const holdfast: Arm = {
  name: 'holdfast',
  title: 'holdfast',
  members: 2,
  run: (place, ports) => runHoldfast(place, ports, {}),
}

export const holdfast20: Arm = {
  name: 'holdfast-20',
  title: 'holdfast, concurrency 20',
  members: 2,
  run: (place, ports) => runHoldfast(place, ports, { concurrency: 20 }),
}

async function runHoldfast(
  { brokers, groupId, topic }: Place,
  ports: MemberPorts,
  options: Partial<ConsumerOptions>,
): Promise<void> {
  const consumer = createConsumer({
    driver: kafkajs({ brokers }),
    groupId,
    handlers: [on(topic, ({ value }) => ports.handle(readRequest(value)))],
    ...SCALED_DEFAULTS,
    ...options,
  })
  consumer.on('group:joined', ({ partitions }) => ports.assigned(partitions.map(({ partition }) => partition)))
  await consumer.run()
}
