import { once } from 'node:events'
import { runRaw } from '../kafka/raw-consumer.ts'
import type { OnceSettings } from './settings.ts'
import type { Way } from './way.ts'

const READ_MS = 60_000

/** Every record has another one of the same size as its effect. */
export async function kafkaTransactionWay(settings: OnceSettings): Promise<Way> {
  const { outputTopic } = settings
  return {
    options: { delivery: 'exactly-once', transactions: true },
    effect({ partition, offset, key, value }, { produce }) {
      const text = `${partition}:${offset} `.padEnd(value?.length ?? 0)
      produce({ topic: outputTopic, key, value: text })
    },
    roundTrips: () => 0,
    check: () => checkOutputs(settings),
    close: async () => undefined,
  }
}

/** Reads what is committed until every record is there; throws where one is not, or one is there twice. */
async function checkOutputs(settings: OnceSettings): Promise<void> {
  const { outputTopic, groupId, records } = settings
  const seen = new Set<string>()
  let count = 0
  const { promise: complete, resolve } = Promise.withResolvers<void>()
  const reader = { ...settings, topic: outputTopic, groupId: `${groupId}-check` }
  const stop = await runRaw(reader, {
    eachBatch: async ({ batch: { messages } }) => {
      for (const { value } of messages) seen.add(String(value).trimEnd())
      count += messages.length
      if (seen.size >= records) resolve()
    },
  })
  const deadline = AbortSignal.timeout(READ_MS)
  await Promise.race([complete, once(deadline, 'abort')])
  await stop()
  if (seen.size !== records || count !== records)
    throw new Error(`${count} outputs of ${seen.size} records are committed, where there were ${records} records`)
}
