import { setTimeout as delay } from 'node:timers/promises'
import { on } from '@holdfast/core'
import { DeliveryChecker } from '../check/delivery-checker.ts'
import { Meter, type Usage } from '../harness/meter.ts'
import { serveArm } from '../harness/serve-arm.ts'
import { createHoldfast } from '../kafka/holdfast-consumer.ts'
import { ONCE_ARMS } from './arms.ts'
import { CommittedCount } from './committed.ts'
import type { OnceSettings } from './settings.ts'
import type { Way } from './way.ts'

/** The first share of the records is not measured: code is compiled by them, and connections are made. */
const WARM_UP = 0.1

await serveArm<OnceSettings>(async (settings) => {
  const way = await ONCE_ARMS[settings.arm](settings)
  const { records } = settings
  const warmUpRecords = Math.floor(records * WARM_UP)
  const { seconds, cpuMicrosPerRecord, rssMiB } = await pass(settings, way, warmUpRecords)
  await way.check()
  const roundTripsPerRecord = way.roundTrips() / records
  await way.close()
  return { recordsPerSecond: (records - warmUpRecords) / seconds, roundTripsPerRecord, cpuMicrosPerRecord, rssMiB }
})

/**
 * From the first handler behind the warm-up to the commit that covers the last record: what is still to be written down when the
 * last handler has ended belongs to the cost of a way. The consumer stops then, and commits at once.
 */
async function pass(settings: OnceSettings, way: Way, warmUpRecords: number): Promise<Usage> {
  const { topic, slots, maxPollRecords, records, waitMs } = settings
  const checker = new DeliveryChecker('key', settings)
  const meter = new Meter(records, warmUpRecords)
  const committed = new CommittedCount()
  let handled = 0
  const handler = on(topic, async (record, context) => {
    const { partition, offset, key } = record
    meter.started()
    checker.started(partition, offset, key)
    if (waitMs > 0) await delay(waitMs)
    await way.effect?.(record, context)
    checker.ended(partition, key)
    handled += 1
    if (handled === records) void consumer.stop()
  })
  const options = { ...way.options, order: 'key', concurrency: slots, maxPollRecords } as const
  const consumer = createHoldfast(settings, { ...options, handlers: [handler] })
  consumer.on('commit:ok', ({ offsets }) => {
    for (let more = committed.add(offsets); more > 0; more -= 1) meter.ended()
  })
  const running = consumer.run()
  const usage = await Promise.race([meter.done, running.then(() => meter.done)])
  await running
  if (handled !== records) throw new Error(`${handled} handlers ended for ${records} records`)
  const verdict = checker.verdict()
  if (verdict !== undefined) throw new Error(`it broke its promise: ${verdict}`)
  return usage
}
