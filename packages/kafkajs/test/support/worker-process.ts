import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConsumerOptions, createConsumer, on, type RetryTopic, retryTopics } from '@holdfast/core'
import { kafkajs } from '../../src/index.ts'
import { quietLogger } from './quiet-logger.ts'

/** What a worker process is told on its command line. */
export interface WorkerSettings {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly groupId: string
  readonly effects: string
  readonly delivery: 'at-least-once' | 'at-most-once'
  readonly handlerMs: number
  readonly order: 'partition' | 'key'
  /** The values of records whose handlers never return. */
  readonly stuck?: readonly string[]
  /** The values of records whose handlers throw. */
  readonly failing?: readonly string[]
  /** Handlers throw for this share of calls until then, and what fails goes through these topics in the order of keys. */
  readonly retries?: { readonly topics: readonly RetryTopic[]; readonly share: number; readonly untilMs: number }
  /** The process kills itself as soon as a dead letter is acknowledged, before any commit of it. */
  readonly diesAtDeath?: boolean
  readonly options?: Partial<ConsumerOptions>
}

/** A consumer whose every effect is one line in a file, written before the handler returns. */
async function main(settings: WorkerSettings): Promise<void> {
  const {
    brokers,
    topic,
    groupId,
    effects,
    delivery,
    handlerMs,
    order,
    stuck = [],
    failing = [],
    diesAtDeath,
    retries = { topics: [], share: 0, untilMs: 0 },
  } = settings
  const file = openSync(effects, 'a')
  const consumer = createConsumer({
    driver: kafkajs({ brokers }),
    groupId,
    delivery,
    order,
    logger: quietLogger,
    sessionTimeoutMs: 1_500,
    heartbeatIntervalMs: 200,
    rebalanceTimeoutMs: 4_000,
    fetchMaxWaitMs: 100,
    maxPollRecords: 20,
    commitInterval: { records: 10, ms: 100 },
    ...(retries.topics.length > 0 ? { onFailure: retryTopics(retries.topics, { keepOrder: true }) } : {}),
    ...settings.options,
    handlers: [
      on(topic, async (record) => {
        if (stuck.includes(String(record.value))) await new Promise(() => undefined)
        if (failing.includes(String(record.value))) throw new Error('no')
        if (Date.now() < retries.untilMs && Math.random() < retries.share) throw new Error('no')
        if (handlerMs > 0) await sleep(handlerMs)
        writeSync(file, `${record.partition} ${record.offset} ${record.value}\n`)
      }),
    ],
  })
  consumer.on('group:joined', ({ memberId, generationId }) => process.send?.({ joined: { memberId, generationId } }))
  if (diesAtDeath) consumer.on('record:dead', () => process.kill(process.pid, 'SIGKILL'))
  await consumer.runUntilSignal()
  process.disconnect?.()
}

await main(JSON.parse(process.argv[2] as string) as WorkerSettings)
