import { peekDeadLetters } from '@holdfast/core'
import { kafkajs } from '@holdfast/kafkajs'
import { pino } from 'pino'

/** How many requests lie in a dead-letter topic. One whose worker died just then can be there twice, under the same id. */
export async function countDeadRequests(brokers: readonly string[], topic: string): Promise<number> {
  const letters = await peekDeadLetters({
    driver: kafkajs({ brokers, clientId: 'mail-sender-demo' }),
    topic,
    maximum: Number.POSITIVE_INFINITY,
    logger: pino({ level: 'silent' }),
  })
  return new Set(letters.map(({ id }) => id)).size
}
