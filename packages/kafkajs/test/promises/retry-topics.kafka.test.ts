import {
  type ConsumerRecord,
  deadLetter,
  type FailurePolicy,
  type HandlerContext,
  on,
  retryTopics,
} from '@holdfast/core'
import { describe, expect, inject, test } from 'vitest'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

const RECORDS = 200
const DELAY_MS = 1_500
const isBad = (value: string): boolean => Number(value) % 20 === 7

interface Handled {
  readonly value: string
  readonly topic: string
  readonly attempt: number
  readonly atMs: number
}

/** A topic with two retry topics and one for dead letters. */
async function chainOf(cluster: TestCluster) {
  const [topic, first, second, deadLetterTopic] = [
    await cluster.createTopic(2),
    await cluster.createTopic(2),
    await cluster.createTopic(1),
    await cluster.createTopic(1),
  ]
  const levels = [
    { topic: first, delayMs: DELAY_MS },
    { topic: second, delayMs: DELAY_MS },
  ]
  const onFailure: FailurePolicy = retryTopics(levels).then(deadLetter())
  return { topic, first, second, deadLetterTopic, onFailure }
}

describe('retry topics on a real broker', () => {
  test('what fails is handled again after the delay, also by the next member; the rest does not wait; nothing is lost', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const { topic, first, second, deadLetterTopic, onFailure } = await chainOf(cluster)
    const tried: Handled[] = []
    const done: Handled[] = []
    const member = () =>
      testConsumer(cluster.brokers, {
        groupId: topic,
        deadLetterTopic,
        onFailure,
        handlers: [
          on(topic, (record: ConsumerRecord, { attempt }: HandlerContext) => {
            const handled = { value: String(record.value), topic: record.topic, attempt, atMs: Date.now() }
            tried.push(handled)
            // One of them never succeeds; the others do in the second retry topic.
            if (isBad(handled.value) && (attempt < 3 || handled.value === '7')) throw new Error('no')
            done.push(handled)
          }),
        ],
      })
    await cluster.produceNumbers(topic, RECORDS, 2)
    const consumer = member()
    await whileRunning(consumer, async () => {
      await until(
        'all records but the bad ones',
        () => tried.length,
        (count) => count === RECORDS,
      )
      await until(
        'the moves',
        () => consumer.status().moved,
        (moved) => moved === 10,
      )
    })
    const offsets = await cluster.committed(topic, topic)
    expect(offsets.reduce((sum, offset) => sum + offset, 0)).toBe(RECORDS)
    await whileRunning(member(), () =>
      until(
        'the end of the chain',
        async () => [await cluster.committed(topic, second), done.length] as const,
        ([[offset], count]) => offset === 10 && count === RECORDS - 1,
      ),
    )
    expect(done.map(({ value }) => Number(value)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: RECORDS }, (_, value) => value).filter((value) => value !== 7),
    )
    for (const value of new Set(tried.filter((each) => isBad(each.value)).map((each) => each.value))) {
      const tries = tried.filter((each) => each.value === value)
      expect(tries.map((each) => [each.topic, each.attempt])).toEqual([
        [topic, 1],
        [first, 2],
        [second, 3],
      ])
      // A time stamp is of the moment in which the record is written, some of a millisecond before this clock is read.
      const [one, two, three] = tries.map(({ atMs }) => atMs) as [number, number, number]
      expect(Math.min(two - one, three - two)).toBeGreaterThanOrEqual(DELAY_MS - 1)
    }
  })
})
