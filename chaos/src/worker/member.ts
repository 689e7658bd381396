import { type Consumer, createConsumer, on, partitionName } from '@holdfast/core'
import type { Journal } from '../history/journal.ts'
import { createJournalLogger } from './journal-logger.ts'
import type { WorkerSettings } from './settings.ts'
import { createHandler } from './work.ts'
import { workerOptions } from './worker-options.ts'

export interface MemberPorts {
  joined(): void
  /** The run ended by itself. */
  failed(): void
}

/** A member of the group, from a join to a leave, and again. */
export class Member {
  readonly #settings: WorkerSettings
  readonly #journal: Journal
  readonly #ports: MemberPorts
  readonly #handle: ReturnType<typeof createHandler>
  #consumer: Consumer | undefined
  #running: Promise<void> | undefined

  constructor(settings: WorkerSettings, journal: Journal, ports: MemberPorts) {
    this.#settings = settings
    this.#journal = journal
    this.#ports = ports
    this.#handle = createHandler(journal, settings.work)
  }

  /** Does not wait for the group. */
  join(): void {
    if (this.#consumer !== undefined) return
    const handler = on(this.#settings.topics, this.#handle)
    const consumer = createConsumer(workerOptions(this.#settings, [handler], createJournalLogger(this.#journal)))
    this.#note(consumer)
    this.#consumer = consumer
    this.#running = consumer.run().catch((error: unknown) => {
      this.#journal.note({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) })
      this.#ports.failed()
    })
  }

  async leave(): Promise<void> {
    await this.#consumer?.stop().catch(() => undefined)
    await this.#running
    this.#consumer = undefined
  }

  #note(consumer: Consumer): void {
    consumer.on('group:joined', ({ generationId: generation, epoch, partitions, added }) => {
      const names = { partitions: partitions.map(partitionName), added: added.map(partitionName) }
      this.#journal.note({ kind: 'joined', generation, epoch, ...names })
      this.#ports.joined()
    })
    consumer.on('group:lost', ({ reason }) => this.#journal.note({ kind: 'lost', reason }))
    consumer.on('drain:ended', ({ cause, abandoned }) =>
      this.#journal.note({
        kind: 'drained',
        cause,
        abandoned: abandoned.map((attempt) => `${partitionName(attempt)}@${attempt.offset}`),
      }),
    )
    for (const answer of ['ok', 'fenced'] as const) {
      consumer.on(`commit:${answer}`, ({ offsets }) =>
        this.#journal.note({
          kind: answer === 'ok' ? 'committed' : 'fenced',
          offsets: offsets.map(({ topic, partition, epoch, offset }) => ({ topic, partition, epoch, offset })),
        }),
      )
    }
  }
}
