import {
  type Consumer,
  type ConsumerEvents,
  type ConsumerRecord,
  type DeadLetter,
  type HeaderEntry,
  json,
  type Logger,
  on,
  peekDeadLetters,
  redrive,
} from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { kafkajs } from '../../src/index.ts'
import { nameBytesOf } from '../../src/internals/headers.ts'
import { quietLogger } from '../support/quiet-logger.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'
import { rawBatch } from './raw-batch.ts'
import { produceRaw, type RawAnswer } from './raw-produce.ts'
import { NO_TEXT, ROWS, type SeenRecord } from './rows.ts'

const MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024
/** Above all rows: what they are is for the consumer to judge. */
const MAX_MESSAGE_BYTES = String(10 * 1024 * 1024)
const DEADLINE_MS = 60_000
const GOOD = '{"good":true}'

/** Answers as many issues as the value asks for. */
const schema = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) => {
      const { issues = 0 } = (value ?? {}) as { issues?: number }
      return issues === 0 ? { value } : { issues: Array.from({ length: issues }, () => ({ message: 'no' })) }
    },
  },
}

/** All rows, each in a partition of its own between two good records. */
class Rows {
  readonly topics = { json: '', bytes: '' }
  deadLetterTopic = ''
  readonly answers: RawAnswer[] = []
  readonly seen = new Map<string, SeenRecord[]>()
  readonly dead: ConsumerEvents['record:dead'][] = []
  readonly quarantined: ConsumerEvents['record:quarantined'][] = []
  readonly logs: string[] = []
  letters: DeadLetter[] = []
  committed: Record<'json' | 'bytes', number[]> = { json: [], bytes: [] }
  ends: Record<'json' | 'bytes', number[]> = { json: [], bytes: [] }
  readonly #cluster: TestCluster

  constructor(cluster: TestCluster) {
    this.#cluster = cluster
  }

  async produce(): Promise<void> {
    const cluster = this.#cluster
    const config = { 'max.message.bytes': MAX_MESSAGE_BYTES }
    this.topics.json = await cluster.createTopic(ROWS.length, undefined, config)
    this.topics.bytes = await cluster.createTopic(ROWS.length, undefined, config)
    this.deadLetterTopic = await cluster.createTopic(1, undefined, config)
    const good = (): Buffer => rawBatch({ records: [{ value: GOOD }] })
    for (const [partition, [, , decoder, set]] of ROWS.entries()) {
      const send = (bytes: Buffer): Promise<RawAnswer> =>
        produceRaw(cluster.brokers[0] as string, this.topics[decoder], partition, bytes)
      await send(good())
      this.answers.push(await send(set()))
      await send(good())
    }
  }

  async consume(): Promise<void> {
    const consumer = this.#consumer()
    const running = consumer.run()
    try {
      for (const decoder of ['json', 'bytes'] as const) {
        const topic = this.topics[decoder]
        this.ends[decoder] = await this.#cluster.logEnds(topic)
        const wanted = this.ends[decoder].filter((end) => end > 0).join()
        await until(
          `the end of ${decoder}`,
          () => this.#cluster.committed(this.topics.json, topic),
          (offsets) => offsets.filter((offset) => offset > 0).join() === wanted,
          DEADLINE_MS,
        )
        this.committed[decoder] = await this.#cluster.committed(this.topics.json, topic)
      }
      expect(consumer.status().health).toMatchObject({ status: 'healthy' })
    } finally {
      await consumer.stop()
      await running
    }
    const driver = kafkajs({ brokers: this.#cluster.brokers })
    this.letters = await peekDeadLetters({ driver, topic: this.deadLetterTopic, logger: quietLogger, maximum: 1_000 })
  }

  #consumer(): Consumer {
    const note = ({ topic, partition, key, value, headers }: ConsumerRecord<unknown>): void => {
      const texts = [...headers].map(([name, bytes]) => [name, bytes?.toString() ?? null] as const)
      const name = `${topic}/${partition}`
      this.seen.set(name, [...(this.seen.get(name) ?? []), { key, value, headers: texts }])
    }
    const consumer = testConsumer(
      this.#cluster.brokers,
      {
        groupId: this.topics.json,
        deadLetterTopic: this.deadLetterTopic,
        retryBackoffMs: 20,
        commitInterval: { ms: 100 },
        // Records of 100 MB hold the event loop for seconds where others have the processor.
        sessionTimeoutMs: 30_000,
        logger: writing(this.logs),
        handlers: [on(this.topics.json, { value: json(schema) }, note), on(this.topics.bytes, note)],
      },
      { maxDecompressedBytes: MAX_DECOMPRESSED_BYTES },
    )
    consumer.on('record:dead', (event) => void this.dead.push(event))
    consumer.on('record:quarantined', (event) => void this.quarantined.push(event))
    return consumer
  }
}

/** Keeps every line as it would be printed. */
function writing(lines: string[]): Logger {
  const write =
    (level: string) =>
    (fields: object, message?: string): void =>
      void lines.push(JSON.stringify({ level, message, ...fields }))
  const logger = { debug: () => undefined, info: write('info'), warn: write('warn'), error: write('error') }
  return { ...logger, child: () => ({ ...logger, child: () => writing(lines) }) } as unknown as Logger
}

let rows: Rows
let cluster: TestCluster

beforeAll(async () => {
  cluster = await TestCluster.connect(inject('kafkaBrokers'))
  rows = new Rows(cluster)
  await rows.produce()
  await rows.consume()
  // Longer than all that is waited for in it, which says what did not come; bombs are made besides.
}, 4 * DEADLINE_MS)

afterAll(() => cluster?.[Symbol.asyncDispose]())

const TITLED = ROWS.map((row, partition) => [`${row[0]} ${row[1]}: ${row[4].end}`, partition, row] as const)

describe('inputs that a producer can send', () => {
  test.each(TITLED)('%s', (_title, partition, [, , decoder, , ending]) => {
    const topic = rows.topics[decoder]
    const here = (event: { topic: string; partition: number }): boolean =>
      event.topic === topic && event.partition === partition
    const [first, ...others] = rows.seen.get(`${topic}/${partition}`) ?? []
    const last = others.pop()
    const [dead, quarantined] = [rows.dead.filter(here), rows.quarantined.filter(here)]
    const letters = rows.letters.filter(({ source }) => here(source))
    expect(rows.answers[partition]?.errorCode).toBe(ending.end === 'refused' ? ending.error : 0)
    // What stands around it is handled, and all of it is committed.
    for (const good of [first, last]) expect(textOf(good)).toBe(GOOD)
    expect(rows.committed[decoder][partition]).toBe(rows.ends[decoder][partition])
    expect([dead.length, quarantined.length]).toEqual([+(ending.end === 'dead'), +(ending.end === 'quarantined')])
    expect(letters).toHaveLength(dead.length + quarantined.length)
    switch (ending.end) {
      case 'refused':
        expect([others.length, rows.ends[decoder][partition]]).toEqual([0, 2])
        return
      case 'handled':
        expect(others.map(ending.sees)).toEqual([ending.equals])
        return
      case 'dead':
        expect(others).toEqual([])
        expect(dead[0]).toMatchObject({ offset: 1, attempt: 1, error: { code: ending.code } })
        expect(letters[0]).toMatchObject({ quarantined: undefined, error: { message: like(ending.reason) } })
        expect(linesOf(topic, partition)).toMatchObject([{ level: 'warn', offset: 1, reason: like(ending.reason) }])
        return
      case 'quarantined': {
        const { offset, reason } = ending
        expect(others).toHaveLength(offset - 1)
        expect(quarantined[0]).toMatchObject({ offset, lastOffset: offset, error: { code: 'HF_UNDECODABLE' } })
        expect(letters[0]).toMatchObject({
          quarantined: { firstOffset: offset, lastOffset: offset },
          error: { message: like(reason) },
        })
        expect(linesOf(topic, partition).map(({ level }) => level)).toEqual(['error'])
      }
    }
  })

  test('a header name that is not UTF-8 is in a dead letter byte for byte, and when that is sent again', async () => {
    const namesIn = (headers: Iterable<HeaderEntry>): Buffer[] =>
      [...headers].flatMap((header) => nameBytesOf(header) ?? [])
    expect(rows.letters.flatMap(({ headers }) => namesIn(headers))).toEqual([NO_TEXT])
    const to = await cluster.createTopic(1)
    const driver = kafkajs({ brokers: cluster.brokers })
    const filter = ({ headers }: DeadLetter): boolean => namesIn(headers).length > 0
    const { counts } = await redrive({ driver, topic: rows.deadLetterTopic, to, filter, logger: quietLogger })
    expect(counts).toMatchObject({ sent: 1 })
    const { promise: again, resolve } = Promise.withResolvers<Buffer[]>()
    const handlers = [on(to, ({ headers }: ConsumerRecord) => resolve(namesIn(headers)))]
    const consumer = testConsumer(cluster.brokers, { groupId: to, handlers })
    expect(await whileRunning(consumer, () => again)).toEqual([NO_TEXT])
  })

  test('no line shows what stands in a record, nor a control character', () => {
    expect(rows.logs.join('\n')).not.toMatch(/isAdmin|alert\(1\)|Bcc|EHLO|\\u001b|\\r/)
  })
})

interface Line {
  readonly level: string
  readonly topic?: string
  readonly partition?: number
}

function linesOf(topic: string, partition: number): Line[] {
  const lines = rows.logs.map((line) => JSON.parse(line) as Line)
  return lines.filter((line) => line.topic === topic && line.partition === partition)
}

function textOf(record: SeenRecord | undefined): string {
  const value = record?.value
  return Buffer.isBuffer(value) ? value.toString() : JSON.stringify(value)
}

function like(pattern: RegExp): unknown {
  return expect.stringMatching(pattern)
}
