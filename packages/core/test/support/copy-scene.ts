import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { on } from '../../src/pipeline/handler.ts'
import { type onBroker, type Rig, rig } from './harness.ts'

export type CopyOptions = NonNullable<Parameters<typeof onBroker>[0]>

export const ON: CopyOptions = { delivery: 'exactly-once', transactions: true, maxAttempts: 3 }
/** Beside a policy of the test's own. */
export const UNSAID = { retryBackoffMs: undefined } as object
/** Every record is copied as it is. */
export const COPY = on('t', ({ key, value }, { produce }) => produce({ topic: 'out', key, value }))

export async function copying(options: CopyOptions = {}, partitions = 1) {
  const broker = fakeBroker()
  broker.createTopic('t', partitions)
  broker.createTopic('out', 2)
  const made = rig({ driver: broker.driver(), ...ON, handlers: [COPY], ...options })
  made.start()
  await made.clock.settle()
  const out = (): string[] =>
    broker
      .records('out')
      .map(({ value }) => String(value))
      .toSorted((a, b) => Number(a) - Number(b))
  return { ...made, broker, out }
}

export const DEAD = 't.dead'

/** Copies what the broker has in `t`; what fails has letters in `DEAD`. `begin` starts another member. */
export async function copyingWithLetters(broker: ReturnType<typeof fakeBroker>, options: CopyOptions) {
  for (const topic of ['out', DEAD]) broker.createTopic(topic)
  const begin = (clock?: Rig['clock'], more: CopyOptions = {}) => {
    const made = rig({ driver: broker.driver(), ...ON, deadLetterTopic: DEAD, ...options, ...more }, clock)
    made.start()
    return made
  }
  const made = begin()
  await made.clock.settle()
  const out = (): string[] => broker.records('out').map(({ value }) => String(value))
  return { ...made, broker, begin, out }
}

/** Time in which a transaction is due, and repeated some times. */
export async function pass({ clock }: Pick<Rig, 'clock'>, ms = 1_000): Promise<void> {
  await clock.advance(ms)
  await clock.settle()
}

export const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index))
