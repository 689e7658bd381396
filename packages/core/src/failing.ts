import { circuitOf } from './config/circuit-rules.ts'
import { failureTopics } from './config/failure-rules.ts'
import type { ConsumerConfig } from './config/options.ts'
import { type Outcome, UNTRIED } from './model/outcome.ts'
import type { ConsumerRecord } from './model/record.ts'
import type { Judge } from './pipeline/attempt.ts'
import type { AttemptContext } from './pipeline/attempt-context.ts'
import type { Guard } from './pipeline/handlers.ts'
import { OrderedChains, orderedWidths } from './pipeline/ordered-chains.ts'
import { RetryRoutes } from './pipeline/retry-routes.ts'
import type { Clock } from './ports/clock.ts'
import type { Driver, DriverContext } from './ports/driver.ts'
import type { Events } from './ports/events.ts'
import { Circuits } from './runtime/circuits.ts'
import { FailureJudge } from './runtime/failure-judge.ts'
import { Forwarding } from './runtime/forwarding.ts'
import { KeyOrder } from './runtime/key-order.ts'
import { OutcomeCounter } from './runtime/outcome-counter.ts'
import { Quarantine } from './runtime/quarantine.ts'
import { createLaneKey, type SafeOrder } from './schedule/ordering.ts'
import type { Scheduler } from './schedule/scheduler.ts'
import type { PartitionState } from './state/partition-state.ts'
import type { Partitions } from './state/partitions.ts'

export interface FailingPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly events: Events
  readonly clock: Clock
  readonly order: SafeOrder
  driver(): Driver
  /** Offsets were passed without a record. */
  progressed(): void
  react(): void
  /** As `react`, and not in the call. */
  reactSoon(): void
}

/** Constructs all that says and does what follows when a record fails. */
export class Failing {
  readonly routes: RetryRoutes
  readonly forwarding: Forwarding
  readonly keyOrder: KeyOrder
  readonly endings: OutcomeCounter
  readonly circuits: Circuits
  readonly quarantine: Quarantine
  readonly judge: Judge
  readonly guard: Guard
  readonly #groupId: string
  readonly #hasRetryTopics: boolean

  constructor(config: ConsumerConfig, ports: FailingPorts) {
    const random = (): number => Math.random()
    const produce: Driver['produce'] = (records) => ports.driver().produce(records)
    const inTransactions = config.transactions !== undefined
    this.endings = new OutcomeCounter(ports.events)
    this.routes = new RetryRoutes(config)
    this.#groupId = config.groupId
    this.#hasRetryTopics = this.routes.topics.length > 0
    const chains = new OrderedChains(config, this.routes)
    this.keyOrder = new KeyOrder({
      ...ports,
      random,
      after: (topic) => chains.after(topic),
      laneKeyOf: createLaneKey(ports.order, config.nullKey),
    })
    const failures = new FailureJudge(config, {
      ...ports,
      random,
      failed: (record) => this.forwarding.noteFailure(record),
      place: (topic, step) => this.routes.place(topic, step),
    })
    this.forwarding = new Forwarding({
      ...ports,
      produce,
      afterRetryTopics: (error, { delivery }, record) =>
        failures.judgeLast(error, this.routes.handlerOf(record.topic), record, delivery.attempt),
      moved: (record, state, timestamp) => this.keyOrder.noteMove(record, state, timestamp),
      groupId: config.groupId,
      inTransactions,
      backoff: config,
      random,
      originalOf: (record) => this.routes.originalOf(record),
    })
    this.circuits = new Circuits({
      ...ports,
      handlers: config.handlers,
      handlerOf: (topic) => this.routes.handlerOf(topic),
      circuitOf: (definition) => circuitOf(definition, config),
      react: ports.reactSoon,
    })
    this.judge = (error, context, handler, record) =>
      this.circuits.judge(error, context, handler, record) ?? failures.judge(error, context, handler, record)
    this.guard = this.circuits
    this.quarantine = new Quarantine(config, {
      ...ports,
      inTransactions,
      random,
      produce,
      handlerOf: (topic) => this.routes.handlerOf(topic).name,
      judge: (error, place, fetches) => failures.judgeLast(error, this.routes.handlerOf(place.topic), place, fetches),
      skipTo: (partition, epoch, offset) => ports.driver().skipTo(partition, epoch, offset),
    })
  }

  /** The topics of the consumer as its driver wants to know them. */
  topicsOf(config: ConsumerConfig): Pick<DriverContext, 'topics' | 'producesTo' | 'asWideAs'> {
    const topics = [...config.topics, ...this.routes.topics]
    return { topics, producesTo: failureTopics(config), asWideAs: orderedWidths(config) }
  }

  /** What follows for a delivery without a call of its handler; undefined where nothing does. */
  readonly waitingOutcome = (context: AttemptContext, state: PartitionState): Outcome | undefined =>
    this.#passed(context) ?? this.forwarding.outcomeOf(context, state) ?? this.keyOrder.outcomeOf(context, state)

  /** Records of other groups are settled by themselves. */
  #passed({ delivery: { records } }: AttemptContext): Outcome | undefined {
    if (!this.#hasRetryTopics) return undefined
    const isForeign = (record: ConsumerRecord): boolean => this.routes.isForeign(record, this.#groupId)
    if (!records.some(isForeign)) return undefined
    const own = records.filter((record) => !isForeign(record))
    return { type: 'partial', left: new Map(own.map(({ offset }) => [offset, UNTRIED])) }
  }

  readonly forward = (outcome: Outcome, context: AttemptContext, state: PartitionState): Promise<Outcome> =>
    this.forwarding.forward(outcome, context, state)
}
