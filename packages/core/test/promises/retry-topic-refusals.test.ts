import { describe, expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { createConsumer } from '../../src/consumer.ts'
import { on } from '../../src/pipeline/handler.ts'
import { deadLetter, type FailurePolicy, halt } from '../../src/policy/failure-policy.ts'
import { retryTopics } from '../../src/policy/retry-topics.ts'
import { Fatal } from '../../src/policy/verdicts.ts'
import { rig } from '../support/harness.ts'

/** What `onFailure` says in their stead. */
const UNSAID: object = { maxAttempts: undefined, retryBackoffMs: undefined }
const CHAIN = retryTopics(['5s', '1m']).then(deadLetter())

describe('what could not be kept is refused', () => {
  const handle = (): void => undefined
  const consumerOf =
    (options: Partial<ConsumerOptions>): (() => unknown) =>
    () =>
      createConsumer({
        groupId: 'g',
        driver: fakeBroker().driver(),
        deadLetterTopic: 'dead',
        handlers: [on('t', handle)],
        ...options,
      })
  const of = (onFailure: FailurePolicy, options: Partial<ConsumerOptions> = {}) => ({ onFailure, ...options })
  const named = (topic: string, delayMs = 1_000) => ({ topic, delayMs })
  const withPolicy = (topic: string, onFailure: FailurePolicy) => on(topic, { onFailure }, handle)

  test.each<[string, Partial<ConsumerOptions>, RegExp]>([
    ['with at-most-once', of(CHAIN, { delivery: 'at-most-once' }), /onFailure with retryTopics cannot be kept/],
    ['a pattern without names', of(CHAIN, { handlers: [on(/^mail/, handle)] }), /retryTopics of \S+ has no names/],
    [
      'a pattern that matches its retry topics',
      of(retryTopics([named('mail.retry')]), { handlers: [on(/^mail/, handle)] }),
      /the retry topic mail\.retry is also subscribed to by \/\^mail\//,
    ],
    ['a retry topic that is subscribed', of(retryTopics([named('t')])), /the retry topic t is also subscribed/],
    [
      'a retry topic that is the dead-letter topic',
      of(retryTopics([named('dead')]).then(deadLetter())),
      /the dead-letter topic dead is subscribed/,
    ],
    ['a topic twice in a chain', of(retryTopics([named('a'), named('a')])), /come back to the retry topic a for ever/],
    [
      'a circle over two errors',
      of(retryTopics([named('a'), named('b')]).when(Fatal, retryTopics([named('b'), named('a')]))),
      /come back to the retry topic a for ever/,
    ],
    [
      'a topic with two delays',
      of(retryTopics([named('a', 1)]).when(Fatal, retryTopics([named('a', 2)]))),
      /two delays, 1 and 2 ms/,
    ],
    [
      'a topic for two handlers',
      { handlers: [withPolicy('t', retryTopics([named('a')])), withPolicy('u', retryTopics([named('a')]))] },
      /two handlers, handle and handle, and only one can have/,
    ],
    [
      'one name for two topics',
      of(retryTopics(['5s'], { topicName: () => 'a' }), { handlers: [on(['t', 'u'], handle)] }),
      /two topics that its records would come from/,
    ],
  ])('%s', (_name, options, message) => {
    expect(consumerOf(options)).toThrow(message)
  })

  test('chains of two errors may share their end', () => {
    const chain = retryTopics(['5s', '1m']).when(Fatal, retryTopics(['1m']).then(halt()))
    expect(consumerOf(of(chain))).not.toThrow()
  })
})

test('a retry topic that does not exist is named at the start', async () => {
  const broker = fakeBroker()
  for (const topic of ['t', 't.retry.5s']) broker.createTopic(topic)
  const onFailure = retryTopics(['5s', '1m']).then(halt())
  const made = rig({ driver: broker.driver(), onFailure, ...UNSAID })
  made.start()
  await made.clock.settle()
  expect(made.ended()).toMatchObject({ code: 'HF_TOPIC_MISSING', message: expect.stringContaining('t.retry.1m') })
})
