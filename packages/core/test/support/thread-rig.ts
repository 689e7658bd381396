import type { Consumer } from '../../src/api.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { createConsumer } from '../../src/consumer.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { sourceOf } from '../../src/model/record-source.ts'
import { json } from '../../src/pipeline/decoders.ts'
import { on } from '../../src/pipeline/handler.ts'
import type { ConsumerEvents, EventName } from '../../src/ports/events.ts'
import type { Command } from '../threads/fixtures/handler.ts'
import { record, ScriptedDriver } from './scripted-driver.ts'
import { type LogLine, recordingLogger } from './silent-logger.ts'

export const fixture = (name: string): URL => new URL(`../threads/fixtures/${name}`, import.meta.url)
export const commands = (): ConsumerOptions['handlers'] => [
  on('t', { isolate: 'thread', value: json() as () => Command }, fixture('handler.ts')),
]

/** A consumer whose handlers run in real threads, on the system's clock, with the partition t/0 assigned. */
export class ThreadRig implements AsyncDisposable {
  readonly driver = new ScriptedDriver()
  readonly lines: LogLine[]
  readonly consumer: Consumer
  readonly #running: Promise<unknown>
  #epoch = 0
  #offset = 0

  constructor(options: Partial<ConsumerOptions> = {}) {
    const { logger, lines } = recordingLogger()
    this.lines = lines
    this.consumer = createConsumer({
      driver: this.driver.factory,
      groupId: 'g',
      order: 'none',
      maxPollRecords: 100,
      logger,
      retryBackoffMs: 1,
      handlers: commands(),
      threads: { maxThreads: 2 },
      ...options,
    })
    this.#running = this.consumer.run().then(
      () => 'resolved',
      (error: unknown) => error,
    )
  }

  static async running(options?: Partial<ConsumerOptions>): Promise<ThreadRig> {
    const rig = new ThreadRig(options)
    await rig.until('the driver starts', () => rig.driver.calls.includes('start'))
    rig.#epoch = rig.driver.assign([{ topic: 't', partition: 0 }])
    return rig
  }

  /** What `run` came to. */
  get ended(): Promise<unknown> {
    return this.#running
  }

  send(...records: (Command | Partial<ConsumerRecord>)[]): void {
    const made = records.map((given, index) => {
      const fields = 'do' in given ? { value: Buffer.from(JSON.stringify(given)) } : (given as Partial<ConsumerRecord>)
      return record(this.#offset + index, fields)
    })
    this.#offset += made.length
    this.driver.sink.batch({
      topic: 't',
      partition: 0,
      epoch: this.#epoch,
      records: sourceOf(made),
      nextOffset: this.#offset,
      highWatermark: this.#offset,
    })
  }

  next<Name extends EventName>(
    name: Name,
    fits: (event: ConsumerEvents[Name]) => boolean = () => true,
  ): Promise<ConsumerEvents[Name]> {
    return new Promise((resolve) => {
      const end = this.consumer.on(name, (event) => {
        if (!fits(event)) return
        end()
        resolve(event)
      })
    })
  }

  settled(offset: number): Promise<unknown> {
    return this.next('record:settled', (event) => event.offset === offset)
  }

  async line(message: string): Promise<LogLine> {
    await this.until(message, () => this.lines.some((line) => line.message === message))
    return this.lines.find((line) => line.message === message) as LogLine
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const endMs = performance.now() + 10_000
    while (!holds()) {
      if (performance.now() > endMs) throw new Error(`${what}: not within 10 s`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consumer.stop({ timeoutMs: 0 }).catch(() => undefined)
  }
}
