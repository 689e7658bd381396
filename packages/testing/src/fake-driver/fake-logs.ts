import { checkTopicWidths, type DriverContext, HoldfastError, partitionName, type TopicPartition } from '@holdfast/core'
import { FakeLog } from './fake-log.ts'

/** The topics of the broker. */
export class FakeLogs {
  readonly #topics = new Map<string, readonly FakeLog[]>()
  readonly #listeners = new Set<() => void>()

  create(topic: string, partitions: number, firstOffset: number): void {
    if (this.#topics.has(topic)) throw new TypeError(`the topic ${topic} exists`)
    this.#topics.set(
      topic,
      Array.from({ length: partitions }, (_, partition) => new FakeLog(topic, partition, firstOffset)),
    )
  }

  ofTopic(topic: string): readonly FakeLog[] {
    const logs = this.#topics.get(topic)
    if (logs === undefined) throw new TypeError(`there is no topic ${topic}`)
    return logs
  }

  at(where: TopicPartition): FakeLog {
    const log = this.ofTopic(where.topic)[where.partition]
    if (log === undefined) throw new TypeError(`there is no partition ${partitionName(where)}`)
    return log
  }

  has(topic: string): boolean {
    return this.#topics.has(topic)
  }

  /** @throws HF_TOPIC_MISSING */
  checkExists(topic: string): void {
    if (this.has(topic)) return
    throw new HoldfastError('HF_TOPIC_MISSING', `the topic ${topic} does not exist.\n  Fix: create it.`, {
      details: { topic },
    })
  }

  /** @throws HF_TOPIC_MISSING, HF_TOPIC_TOO_NARROW */
  checkAll({ topics, producesTo, asWideAs }: Pick<DriverContext, 'topics' | 'producesTo' | 'asWideAs'>): void {
    for (const topic of [...topics, ...producesTo]) if (typeof topic === 'string') this.checkExists(topic)
    checkTopicWidths(
      asWideAs,
      (source) => this.matching([source]),
      (topic) => this.ofTopic(topic).length,
    )
  }

  /** The topics that a subscription names, patterns resolved. */
  matching(subscription: readonly (string | RegExp)[]): string[] {
    const names = [...this.#topics.keys()]
    const found = subscription.flatMap((topic) =>
      typeof topic === 'string' ? [topic] : names.filter((name) => matches(topic, name)),
    )
    return [...new Set(found)].filter((name) => this.has(name)).sort()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

function matches(pattern: RegExp, name: string): boolean {
  return new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, '')).test(name)
}
