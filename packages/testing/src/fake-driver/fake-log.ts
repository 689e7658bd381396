import { type ConsumerRecord, type HeaderEntry, RecordHeaders, type Undecodable } from '@holdfast/core'
import { type Damage, DamagedRanges } from './damaged-ranges.ts'

/** What can be produced; text is written as UTF-8, anything else but bytes and null as JSON. */
export interface FakeRecord {
  readonly key?: string | Buffer | null
  readonly value?: unknown
  /** By name, or as entries in their order. */
  readonly headers?: Readonly<Record<string, string | Buffer | null>> | readonly HeaderEntry[]
  /** @default by the key's hash, or the least filled partition */
  readonly partition?: number | undefined
  /** Milliseconds since 1970. @default 0 */
  readonly timestamp?: number | undefined
}

export interface FetchResult {
  readonly records: readonly ConsumerRecord[]
  /** The position after the records and after what follows them without being deliverable. */
  readonly nextOffset: number
  /** What stands at the position instead of records. */
  readonly undecodable?: Undecodable | undefined
}

/** One partition's log: records, ranges that no client can decode, and offsets that are never delivered. */
export class FakeLog {
  readonly topic: string
  readonly partition: number
  readonly #records = new Map<number, ConsumerRecord>()
  readonly #damaged = new DamagedRanges()
  #start: number
  #end: number

  constructor(topic: string, partition: number, firstOffset: number) {
    this.topic = topic
    this.partition = partition
    this.#start = firstOffset
    this.#end = firstOffset
  }

  get start(): number {
    return this.#start
  }

  get end(): number {
    return this.#end
  }

  /** The offsets that hold a record. */
  get offsets(): number[] {
    return [...this.#records.keys()]
  }

  /** What it holds, in order. */
  get records(): readonly ConsumerRecord[] {
    return [...this.#records.values()]
  }

  append({ key = null, value = null, headers = {}, timestamp = 0 }: FakeRecord): number {
    const { topic, partition } = this
    const offset = this.#end
    const entries = Array.isArray(headers)
      ? (headers as readonly HeaderEntry[])
      : Object.entries(headers).map(([name, text]) => [name, toBytes(text)] as const)
    this.#records.set(
      offset,
      Object.freeze({
        topic,
        partition,
        offset,
        timestamp,
        key: toBytes(key),
        value: toBytes(value),
        headers: RecordHeaders.of(entries),
      }),
    )
    this.#end += 1
    return offset
  }

  /** Control records or aborted ones: they take offsets and are never delivered. */
  appendUndeliverable(count: number): void {
    this.#end += count
  }

  /** Compaction takes records away; their offsets stay empty. */
  remove(offsets: Iterable<number>): void {
    for (const offset of offsets) this.#records.delete(offset)
  }

  /** Retention moves the start of the log. */
  truncateBefore(offset: number): void {
    this.#start = Math.min(offset, this.#end)
    this.remove(this.offsets.filter((known) => known < this.#start))
  }

  /** The topic was deleted and created again. */
  recreate(): void {
    this.#records.clear()
    this.#start = 0
    this.#end = 0
  }

  damage(damage: Damage): void {
    this.#damaged.add(damage)
  }

  /** Undefined where the position is outside the log. */
  read(from: number, maxRecords: number): FetchResult | undefined {
    if (from < this.#start || from > this.#end) return undefined
    const undecodable = this.#damaged.at(from)
    if (undecodable !== undefined) return { records: [], nextOffset: from, undecodable }
    const records: ConsumerRecord[] = []
    let next = from
    const end = this.#damaged.firstAfter(from)
    for (const offset of this.#deliverableFrom(from)) {
      if (offset >= end) return { records, nextOffset: end }
      if (records.length === maxRecords) return { records, nextOffset: offset }
      records.push(this.#records.get(offset) as ConsumerRecord)
      next = offset + 1
    }
    return { records, nextOffset: Math.min(Math.max(next, this.#end), end) }
  }

  *#deliverableFrom(from: number): Iterable<number> {
    if (this.#end - from <= 4 * this.#records.size + 16) {
      for (let offset = from; offset < this.#end; offset += 1) if (this.#records.has(offset)) yield offset
    } else {
      for (const offset of this.#records.keys()) if (offset >= from) yield offset
    }
  }
}

function toBytes(value: unknown): Buffer | null {
  if (value === null || value === undefined) return null
  if (Buffer.isBuffer(value)) return value
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value), 'utf8')
}
