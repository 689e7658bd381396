import { on } from '@holdfast/core'
import type { CheckedPass } from '../check/checked-pass.ts'
import type { Promised } from '../check/delivery-checker.ts'
import type { ArmSettings, Stop } from '../kafka/arm-settings.ts'
import { createHoldfast } from '../kafka/holdfast-consumer.ts'
import { runRaw } from '../kafka/raw-consumer.ts'

export interface BacklogSettings extends ArmSettings {
  readonly handlerMicros: number
  readonly maxBufferedBytes: number
}

export interface BacklogArm {
  readonly promised: Promised
  /** Joins the group and takes nothing yet; answers how to begin, and how to end. */
  start(settings: BacklogSettings, pass: CheckedPass): Promise<{ readonly begin: () => void; readonly stop: Stop }>
}

const SLOTS = 10
/** A hand-written handler heartbeats now and then, or it would be thrown out in the middle of a batch. */
const HEARTBEAT_EVERY = 500

/** Keeps the processor busy: fetching can outrun such a handler by far, and only the buffers hold it back. */
function spin(micros: number): void {
  const endMs = performance.now() + micros / 1_000
  while (performance.now() < endMs);
}

export const BACKLOG_ARMS: Readonly<Record<string, BacklogArm>> = {
  holdfast: {
    promised: 'key',
    async start(settings, pass) {
      const { topic, maxBufferedBytes, handlerMicros } = settings
      const consumer = createHoldfast(settings, {
        maxBufferedBytes,
        concurrency: SLOTS,
        handlers: [
          on(topic, async ({ partition, offset, key }) => {
            pass.started(partition, offset, key)
            spin(handlerMicros)
            pass.ended(partition, key)
          }),
        ],
      })
      consumer.pause(topic)
      const joined = Promise.withResolvers<void>()
      consumer.on('group:joined', () => joined.resolve())
      const running = consumer.run()
      await joined.promise
      const stop = async (): Promise<void> => {
        await consumer.stop()
        await running
      }
      return { begin: () => consumer.resume(topic), stop }
    },
  },
  'raw eachBatch': {
    promised: 'partition',
    async start(settings, pass) {
      const begun = Promise.withResolvers<void>()
      const stop = await runRaw(settings, {
        eachBatch: async ({ batch: { partition, messages }, heartbeat }) => {
          await begun.promise
          for (const [index, { offset, key }] of messages.entries()) {
            pass.started(partition, Number(offset), key)
            spin(settings.handlerMicros)
            pass.ended(partition, key)
            if (index % HEARTBEAT_EVERY === 0) await heartbeat()
          }
        },
      })
      return { begin: () => begun.resolve(), stop }
    },
  },
}
