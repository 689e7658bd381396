import { createFakeClock } from '../../../testing/src/fake-clock.ts'
import { type FakeBroker, fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { type CircuitBreakerOptions, circuitBreaker } from '../../src/policy/circuit-breaker.ts'
import { rig } from './harness.ts'

export class Down extends Error {}

/** A dependency that the test takes down, with all the calls that were made of it. */
export class Server {
  isDown = false
  readonly calls: string[] = []
  /** Calls that have not been answered; only while `holds`. */
  readonly held: { end(): void; fail(): void }[] = []
  holds = false

  readonly handle = ({ topic, partition, offset }: ConsumerRecord): unknown => {
    this.calls.push(`${topic}/${partition}@${offset}`)
    if (!this.holds) return this.isDown ? Promise.reject(new Down('no answer')) : undefined
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.held.push({ end: resolve, fail: () => reject(new Down('no answer')) })
    return promise
  }
}

/** No random pauses: what is tried again is tried at once. */
const QUICK = { maxAttempts: 5, retryBackoffMs: 1, retryBackoffMaxMs: 1 }

/** What `onFailure` says in their stead. */
const UNSAID = { maxAttempts: undefined, retryBackoffMs: undefined, retryBackoffMaxMs: undefined }
type Given = Partial<ConsumerOptions> & Pick<ConsumerOptions, 'driver'>

export function breaker(options: Partial<CircuitBreakerOptions> = {}) {
  return circuitBreaker({ name: 'smtp', consecutiveFailures: 3, halfOpenAfterMs: 1_000, when: Down, ...options })
}

/** A consumer of `t`, whose handler depends on a server, and of `other`. */
export async function serving(
  options: Partial<ConsumerOptions> = {},
  { partitions = 1, circuit = breaker(), server = new Server(), clock = createFakeClock() } = {},
) {
  const broker = fakeBroker()
  for (const topic of ['t', 'other']) broker.createTopic(topic, partitions)
  for (const topic of ['t.dead', 't.retry.5s']) broker.createTopic(topic)
  const others: number[] = []
  const handlers = [on('t', { circuit }, server.handle), on('other', ({ offset }) => void others.push(offset))]
  const attempts = options.onFailure === undefined ? QUICK : UNSAID
  const made = rig(
    { driver: broker.driver(), order: 'key', deadLetterTopic: 't.dead', handlers, ...attempts, ...options } as Given,
    clock,
  )
  made.start()
  await made.clock.settle()
  const dead = (): readonly ConsumerRecord[] => broker.records('t.dead')
  return { ...made, broker, server, others, dead }
}

export const names = (told: readonly { readonly name: string }[]): string[] =>
  told.map(({ name }) => name).filter((name) => name.startsWith('circuit:'))

export const committed = (broker: FakeBroker, partitions: number, topic = 't'): number[] =>
  Array.from({ length: partitions }, (_, partition) => broker.committed(topic, partition))
