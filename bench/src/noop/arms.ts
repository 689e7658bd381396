import { type ConsumerOptions, on } from '@holdfast/core'
import type { CheckedPass } from '../check/checked-pass.ts'
import type { Promised } from '../check/delivery-checker.ts'
import type { ArmSettings, Stop } from '../kafka/arm-settings.ts'
import { runHoldfast } from '../kafka/holdfast-consumer.ts'
import { runRaw } from '../kafka/raw-consumer.ts'

export interface NoopArm {
  readonly promised: Promised
  start(settings: ArmSettings, pass: CheckedPass): Promise<Stop>
}

function see(pass: CheckedPass, partition: number, offset: number, key: Buffer | null): void {
  pass.started(partition, offset, key)
  pass.ended(partition, key)
}

function recordArm(order: 'partition' | 'key', options: Partial<ConsumerOptions> = {}): NoopArm {
  return {
    promised: order,
    start: (settings, pass) =>
      runHoldfast(settings, {
        ...options,
        order,
        handlers: [on(settings.topic, async ({ partition, offset, key }) => see(pass, partition, offset, key))],
      }),
  }
}

/** Handlers that do nothing but check: what is left is the cost of the framework. */
export const NOOP_ARMS: Readonly<Record<string, NoopArm>> = {
  'raw eachBatch': {
    promised: 'partition',
    start: (settings, pass) =>
      runRaw(settings, {
        eachBatch: async ({ batch: { partition, messages } }) => {
          // Without compaction or transactions offsets have no holes, so that one is parsed for all.
          const first = Number(messages[0]?.offset)
          for (let index = 0; index < messages.length; index += 1)
            see(pass, partition, first + index, messages[index]?.key ?? null)
        },
      }),
  },
  'raw eachMessage': {
    promised: 'partition',
    start: (settings, pass) =>
      runRaw(settings, {
        eachMessage: async ({ partition, message: { offset, key } }) => see(pass, partition, Number(offset), key),
      }),
  },
  'holdfast batch': {
    promised: 'partition',
    start: (settings, pass) =>
      runHoldfast(settings, {
        handlers: [
          on(settings.topic, { batch: true }, async (records) => {
            for (const { partition, offset, key } of records) see(pass, partition, offset, key)
          }),
        ],
      }),
  },
  'holdfast record': recordArm('partition'),
  'holdfast key order': recordArm('key', { concurrency: 100 }),
}
