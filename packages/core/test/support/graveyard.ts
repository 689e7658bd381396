import { createFakeClock } from '../../../testing/src/fake-clock.ts'
import { type FakeBroker, fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { type RedriveOptions, redrive } from '../../src/redrive/redrive.ts'
import { rig } from './harness.ts'
import { silentLogger } from './silent-logger.ts'

export const DEAD = 't.dead'

/** A topic whose records have all died, with the errors that `errorOf` says. */
export async function graveyard(
  count: number,
  errorOf: (offset: number) => unknown = () => new Error('no'),
  partitions = 1,
) {
  const broker = fakeBroker()
  broker.createTopic('t', partitions)
  broker.createTopic(DEAD, partitions)
  await dying(broker, errorOf, () =>
    broker.produce(
      't',
      Array.from({ length: count }, (_, index) => ({
        key: `k${index}`,
        value: String(index),
        headers: { mine: String(index) },
        partition: index % partitions,
      })),
    ),
  )
  return broker
}

/** Lets a consumer of `t` give up on what there is. */
export async function dying(
  broker: FakeBroker,
  errorOf: (offset: number) => unknown,
  produce: () => unknown,
): Promise<void> {
  const handler = on('t', function send({ offset }: ConsumerRecord) {
    throw errorOf(offset)
  })
  const made = rig({
    driver: broker.driver(),
    groupId: 'app',
    handlers: [handler],
    deadLetterTopic: DEAD,
    maxAttempts: 1,
  })
  made.start()
  await made.clock.settle()
  produce()
  await made.clock.advance('5s')
  await made.consumer.stop()
}

export async function during<T>(run: (clock: { clock: ReturnType<typeof createFakeClock> }) => Promise<T>): Promise<T> {
  const clock = createFakeClock()
  const running = run({ clock })
  running.catch(() => undefined)
  await clock.advance('20s')
  return running
}

export const drive = (broker: FakeBroker, options: Partial<RedriveOptions> = {}) =>
  during((clock) => redrive({ driver: broker.driver(), topic: DEAD, logger: silentLogger, ...clock, ...options }))
export const inTopic = (broker: FakeBroker, topic = 't') => broker.records(topic).map(({ value }) => String(value))
