import { type Consumer, createConsumer, on } from '@holdfast/core'
import { kafkajs } from '@holdfast/kafkajs'
import { lineTeller, type TellLine } from './lines.ts'
import { withOrigins } from './mapping.ts'
import type { Settings } from './settings.ts'
import { stderrLogger } from './stderr-logger.ts'
import { takeRecords } from './take-records.ts'
import { tellEvents } from './tell-events.ts'

/**
 * Consumes as the settings say until a signal, a failure or `maxMessages`, and tells it on stdout. Sets the exit code
 * as `runUntilSignal` does.
 * @throws HF_OPTION_INVALID before the first line
 */
export async function runVerifiableConsumer(settings: Settings): Promise<void> {
  const tell = lineTeller((text) => process.stdout.write(text))
  const consumer = createTelling(settings, tell)
  tell({ name: 'startup_complete' })
  try {
    if (settings.maxMessages > 0) await consumer.runUntilSignal()
  } finally {
    tell({ name: 'shutdown_complete' })
  }
}

function createTelling(settings: Settings, tell: TellLine): Consumer {
  const { topic, groupId, maxMessages, tellsRecords, tellsCommits } = settings
  const enough = (): void => void consumer.stop().catch(() => undefined)
  const take = takeRecords({ tell, tellsRecords, maxMessages, enough })
  const consumer = withOrigins(settings.origins, () =>
    createConsumer({
      ...settings.consumer,
      groupId,
      driver: kafkajs(settings.driver),
      logger: stderrLogger(),
      // A batch goes on where the one before it ended, as the lines of a partition must.
      order: 'partition',
      handlers: [on(topic, { batch: true }, take)],
    }),
  )
  tellEvents(consumer, tell, tellsCommits)
  return consumer
}
