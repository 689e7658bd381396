import { type FakeBroker, fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { deadLetter } from '../../src/policy/failure-policy.ts'
import { retryTopics } from '../../src/policy/retry-topics.ts'
import { type Rig, rig } from './harness.ts'

export const DEAD = 't.dead'
/** What `onFailure` says in their stead. */
const UNSAID: object = { maxAttempts: undefined, retryBackoffMs: undefined }

/** Whether this call for a value fails, counted from 1. */
export type Fails = (value: string, call: number) => boolean

export interface RetrySetting {
  /** @default 5s and 1m */
  readonly delays?: readonly string[]
  readonly partitions?: number
  readonly retryPartitions?: number
  readonly options?: Partial<ConsumerOptions>
}

export interface RetryScene {
  readonly broker: FakeBroker
  readonly clock: Rig['clock']
  /** Such as `a1 at t 0s`. */
  readonly calls: readonly string[]
  /** The values whose calls succeeded, in that order. */
  readonly done: readonly string[]
  /** A further consumer, running. */
  begin(): Rig
  /** Values such as `a1`, whose key is their first letter. */
  produce(...values: string[]): void
}

/** Consumers of `t`, whose retry topics keep the order of keys, and whose handler fails as `fails` says. */
export function retryScene(fails: Fails, setting: RetrySetting = {}): RetryScene {
  const { delays = ['5s', '1m'], partitions = 1, retryPartitions = partitions, options = {} } = setting
  const broker = fakeBroker()
  broker.createTopic('t', partitions)
  for (const delay of delays) broker.createTopic(`t.retry.${delay}`, retryPartitions)
  broker.createTopic(DEAD)
  const { clock } = rig({ driver: broker.driver() })
  const calls: string[] = []
  const done: string[] = []
  const counts = new Map<string, number>()
  const handler = on('t', ({ topic, value }: ConsumerRecord) => {
    const text = String(value)
    const call = (counts.get(text) ?? 0) + 1
    counts.set(text, call)
    calls.push(`${text} at ${topic} ${Math.floor(clock.now() / 1000)}s`)
    if (fails(text, call)) throw new Error('no')
    done.push(text)
  })
  const begin = (): Rig => {
    const driver = broker.driver()
    const onFailure = retryTopics(delays, { keepOrder: true }).then(deadLetter())
    const handlers = [handler]
    const made = rig({ driver, order: 'key', handlers, deadLetterTopic: DEAD, onFailure, ...UNSAID, ...options }, clock)
    made.start()
    return made
  }
  const produce = (...values: string[]): void => {
    for (const value of values) broker.produce('t', { key: value.slice(0, 1), value })
  }
  return { broker, clock, calls, done, begin, produce }
}
