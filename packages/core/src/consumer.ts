import { pino } from 'pino'
import type { Consumer, RunOptions, StopOptions } from './api.ts'
import { Assembly } from './assembly.ts'
import { type ConfigEntry, formatEntries } from './config/entries.ts'
import type { ConsumerOptions } from './config/options.ts'
import { checkConcurrency, checkStopTimeout, type ResolvedConfig, resolveConfig } from './config/resolve.ts'
import { type Clock, systemClock } from './ports/clock.ts'
import type { EventListener, EventName } from './ports/events.ts'
import { guardedLogger } from './ports/guarded-logger.ts'
import type { Logger } from './ports/logger.ts'
import { runUntilSignal } from './runtime/run-until-signal.ts'
import type { StopReport } from './runtime/session.ts'
import { type ConsumerStatus, consumerStatus, partitionStatus, slotStatus } from './runtime/status.ts'

/**
 * A consumer of a Kafka group with the given handlers. Nothing connects before `run`.
 * @throws HF_OPTION_INVALID, HF_PROMISE_CONFLICT, HF_HANDLER_CONFLICT, HF_HANDLER_MISSING
 */
export function createConsumer(options: ConsumerOptions): Consumer {
  const resolved = resolveConfig(options)
  const given = options.logger ?? (pino({ name: 'holdfast' }) as Logger)
  const logger = guardedLogger(given).child({ groupId: resolved.config.groupId })
  return new HoldfastConsumer(resolved, logger, options.clock ?? systemClock)
}

/** What the user holds; the parts behind it do the work. */
class HoldfastConsumer implements Consumer {
  readonly config: readonly ConfigEntry[]
  readonly #groupId: string
  readonly #logger: Logger
  readonly #parts: Assembly

  constructor({ config, entries }: ResolvedConfig, logger: Logger, clock: Clock) {
    this.config = entries
    this.#groupId = config.groupId
    this.#logger = logger
    this.#parts = new Assembly({ config, entries, logger, clock })
  }

  run({ signal }: RunOptions = {}): Promise<void> {
    return this.#parts.session.run(signal)
  }

  stop({ timeoutMs }: StopOptions = {}): Promise<StopReport> {
    try {
      return this.#parts.session.stop(timeoutMs === undefined ? undefined : checkStopTimeout(timeoutMs))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  runUntilSignal(): Promise<void> {
    return runUntilSignal([this], { logger: this.#logger })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  pause(topic: string, partition?: number): void {
    this.#parts.userPauses.pause(topic, partition)
  }

  resume(topic: string, partition?: number): void {
    this.#parts.userPauses.resume(topic, partition)
  }

  setConcurrency(concurrency: number | 'auto'): void {
    this.#parts.concurrency.set(checkConcurrency(concurrency))
  }

  on<Name extends EventName>(name: Name, listener: EventListener<Name>): () => void {
    return this.#parts.events.on(name, listener)
  }

  printConfig(): string {
    return formatEntries(this.config)
  }

  status(): ConsumerStatus {
    const nowMs = this.#parts.clock.now()
    const { scheduler, partitions, watching, failing } = this.#parts
    const { memberId, generationId } = this.#parts.group
    const deadlineOf = watching.deadlines.statuses(nowMs)
    const headOf = watching.heads.of.bind(watching.heads)
    const keysBehind = failing.keyOrder.countBehind.bind(failing.keyOrder)
    const parts = { scheduler, nowMs, deadlineOf, headOf, keysBehind }
    return consumerStatus({
      state: this.#parts.lifecycle.state,
      health: this.#parts.health.health,
      slots: slotStatus(
        this.#parts.dispatcher.concurrency,
        this.#parts.slots.size,
        this.#parts.scheduler.waitingByOrder,
      ),
      memberId,
      generationId,
      fenced: this.#parts.fenced.counts,
      late: this.#parts.late.counts,
      circuits: failing.circuits.statuses,
      ...failing.endings.counts,
      partitions: [...partitions].map((state) => partitionStatus(state, parts)),
    })
  }

  toJSON(): object {
    return { groupId: this.#groupId, state: this.#parts.lifecycle.state }
  }
}
