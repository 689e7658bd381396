import { setTimeout as sleep } from 'node:timers/promises'
import type { Message, Producer, TopicMessages } from 'kafkajs'
import type { Journal } from '../history/journal.ts'
import type { Random } from '../random.ts'
import type { Topic } from './clients.ts'

const TICK_MS = 50

export interface ProducerPlan {
  readonly topics: readonly Topic[]
  readonly keysPerTopic: number
  readonly recordsPerSecond: number
}

interface Sent {
  readonly key: string
  readonly value: string
  readonly partition: number
}

/** Produces at a steady rate, with keys that the seed draws; notes what the broker has acknowledged. */
export class SteadyProducer {
  readonly #producer: Producer
  readonly #plan: ProducerPlan
  readonly #random: Random
  readonly #journal: Journal
  #sequence = 0
  #isRunning = false
  #running: Promise<void> = Promise.resolve()

  constructor(producer: Producer, plan: ProducerPlan, random: Random, journal: Journal) {
    this.#producer = producer
    this.#plan = plan
    this.#random = random
    this.#journal = journal
  }

  start(): void {
    this.#isRunning = true
    this.#running = this.#produce()
    this.#running.catch(() => undefined)
  }

  /** Resolves when the last record is acknowledged; rejects where one could not be produced. */
  async stop(): Promise<void> {
    this.#isRunning = false
    await this.#running
  }

  async #produce(): Promise<void> {
    const startedMs = performance.now()
    let produced = 0
    while (this.#isRunning) {
      const due = Math.floor(((performance.now() - startedMs) / 1_000) * this.#plan.recordsPerSecond)
      if (due > produced) await this.#send(due - produced)
      produced = due
      await sleep(TICK_MS)
    }
  }

  async #send(count: number): Promise<void> {
    const byTopic = new Map<string, Sent[]>()
    for (let index = 0; index < count; index += 1) {
      const topic = this.#plan.topics[this.#random.below(this.#plan.topics.length)] as Topic
      const key = this.#random.below(this.#plan.keysPerTopic)
      const sent = { key: `key-${key}`, value: String(this.#sequence), partition: key % topic.partitions }
      this.#sequence += 1
      byTopic.set(topic.name, [...(byTopic.get(topic.name) ?? []), sent])
    }
    const topicMessages: TopicMessages[] = [...byTopic].map(([topic, sent]) => ({ topic, messages: sent as Message[] }))
    const answers = await this.#producer.sendBatch({ topicMessages, acks: -1 })
    for (const { topicName, partition, baseOffset } of answers) {
      const sent = byTopic.get(topicName)?.filter((one) => one.partition === partition) ?? []
      for (const [index, { key, value }] of sent.entries()) {
        const offset = Number(baseOffset) + index
        this.#journal.note({ kind: 'produced', topic: topicName, partition, offset, key, sequence: Number(value) })
      }
    }
  }
}
