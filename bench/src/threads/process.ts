import { createConsumer } from '@holdfast/core'
import { fakeBroker } from '@holdfast/testing'
import { serveArm } from '../harness/serve-arm.ts'
import { errorsOnly } from '../kafka/errors-only.ts'
import { THREADS_ARMS, type ThreadsArm, TOPIC } from './arms.ts'

export interface ThreadsSettings {
  readonly arm: string
  readonly bytes: number
  readonly records: number
}

/** Of so many, this share comes before the clock starts. */
const WARM_UP = 0.2
const PRODUCED_AT_A_TIME = 100

await serveArm<ThreadsSettings>(async ({ arm, bytes, records }) => {
  const { concurrency, options } = THREADS_ARMS[arm] as ThreadsArm
  const broker = fakeBroker()
  broker.createTopic(TOPIC)
  const consumer = createConsumer({
    driver: broker.driver(),
    groupId: 'bench',
    order: 'none',
    concurrency,
    logger: errorsOnly,
    ...options,
  })
  const produce = (): void => {
    const value = Buffer.alloc(bytes, 'v')
    broker.produce(TOPIC, new Array(PRODUCED_AT_A_TIME).fill({ value, partition: 0 }))
  }
  const from = Math.round(records * WARM_UP)
  let settled = 0
  let start = { ms: 0, cpu: process.threadCpuUsage() }
  const ended = Promise.withResolvers<void>()
  consumer.on('record:settled', () => {
    settled += 1
    if (settled === from) start = { ms: performance.now(), cpu: process.threadCpuUsage() }
    if (settled === from + records) ended.resolve()
    else if (settled % PRODUCED_AT_A_TIME === 0) produce()
  })
  const running = consumer.run()
  produce()
  produce()
  await ended.promise
  const wallMicros = (performance.now() - start.ms) * 1_000
  const { user, system } = process.threadCpuUsage(start.cpu)
  await consumer.stop()
  await running
  return {
    recordsPerSecond: (records / wallMicros) * 1e6,
    wallMicrosPerRecord: wallMicros / records,
    mainMicrosPerRecord: (user + system) / records,
  }
})
