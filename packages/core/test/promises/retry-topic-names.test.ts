import { expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { createConsumer } from '../../src/consumer.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { deadLetter, type FailurePolicy } from '../../src/policy/failure-policy.ts'
import { type RetryTopic, retryTopics } from '../../src/policy/retry-topics.ts'
import { rig, values } from '../support/harness.ts'

const DEAD = 't.dead'
/** What `onFailure` says in their stead. */
const UNSAID: object = { maxAttempts: undefined, retryBackoffMs: undefined }

/** A consumer of `t` whose handler always fails; which topics it was called at. */
async function serving(onFailure: FailurePolicy, topics: readonly string[]) {
  const broker = fakeBroker()
  for (const topic of ['t', DEAD, ...topics]) broker.createTopic(topic)
  const calls: string[] = []
  const handler = on('t', ({ topic }: ConsumerRecord) => {
    calls.push(topic)
    throw new Error('no')
  })
  const made = rig({ driver: broker.driver(), handlers: [handler], deadLetterTopic: DEAD, onFailure, ...UNSAID })
  made.start()
  await made.clock.settle()
  broker.produce('t', values(0, 1))
  await made.clock.advance('2m')
  return { ...made, broker, calls }
}

test('topicName is asked when the consumer is created, and never again', async () => {
  let isCreated = false
  const asked: string[] = []
  const topicName = (topic: string, delay: string): string => {
    if (isCreated) throw new Error('asked too late')
    asked.push(`${topic} ${delay}`)
    return `later.${delay}`
  }
  const policy = retryTopics(['5s', '1m'], { topicName }).then(deadLetter())
  createConsumer({
    driver: fakeBroker().driver(),
    groupId: 'g',
    handlers: [on('t', () => undefined)],
    deadLetterTopic: DEAD,
    onFailure: policy,
  })
  isCreated = true
  const { calls, ended, broker } = await serving(policy, ['later.5s', 'later.1m'])
  expect(asked).toEqual(['t 5s', 't 1m'])
  expect(calls).toEqual(['t', 'later.5s', 'later.1m'])
  expect([ended(), broker.records(DEAD).length]).toEqual(['running', 1])
})

test.each<[string, () => unknown, RegExp]>([
  [
    'throws',
    () => {
      throw new TypeError('no tenant')
    },
    /topicName\('t', '5s'\) threw TypeError: no tenant/,
  ],
  ['answers nothing', () => undefined, /topicName\('t', '5s'\) answered undefined/],
  ['answers an empty text', () => '', /answered an empty text/],
  ['answers a promise', async () => Promise.reject(new Error('later')), /answered object/],
])('topicName that %s is refused at the start', (_name, topicName, message) => {
  const onFailure = retryTopics(['5s'], { topicName: topicName as () => string })
  const create = () =>
    createConsumer({ driver: fakeBroker().driver(), groupId: 'g', handlers: [on('t', () => undefined)], onFailure })
  expect(create).toThrow(
    expect.objectContaining({ code: 'HF_OPTION_INVALID', message: expect.stringMatching(message) }),
  )
})

const MIXED: readonly RetryTopic[] = [{ topic: 'soon', delayMs: 1_000 }, '5s']

test('a delay behind a topic that has a name of its own goes on in the topic of its source', async () => {
  const { calls, broker } = await serving(retryTopics(MIXED).then(deadLetter()), ['soon', 't.retry.5s'])
  expect(calls).toEqual(['t', 'soon', 't.retry.5s'])
  expect(broker.records(DEAD)).toHaveLength(1)
})

test('such a chain is refused for a handler of several topics', () => {
  const handlers = [on(['t', 'u'], () => undefined)]
  const onFailure = retryTopics(MIXED)
  expect(() => createConsumer({ driver: fakeBroker().driver(), groupId: 'g', handlers, onFailure })).toThrow(
    /names some topics itself and others by a delay/,
  )
})
