import { createCommitting } from './committing.ts'
import type { ConfigEntry } from './config/entries.ts'
import type { ConsumerConfig } from './config/options.ts'
import { warnings } from './config/rules.ts'
import { Failing } from './failing.ts'
import { Handling } from './handling.ts'
import { attemptScope } from './pipeline/attempt-scope.ts'
import { safeOrder } from './pipeline/ordered-chains.ts'
import type { Clock } from './ports/clock.ts'
import type { Driver } from './ports/driver.ts'
import { type AttemptEvent, Events } from './ports/events.ts'
import type { Logger } from './ports/logger.ts'
import { admission } from './runtime/admission.ts'
import type { Committer } from './runtime/committer.ts'
import { ConcurrencyControl } from './runtime/concurrency-control.ts'
import { Dispatcher } from './runtime/dispatcher.ts'
import { FenceCounter } from './runtime/fence-counter.ts'
import { Group } from './runtime/group.ts'
import { HealthWatch } from './runtime/health-watch.ts'
import { holdBack } from './runtime/hold-back.ts'
import { Intake } from './runtime/intake.ts'
import { LateCounter } from './runtime/late-counter.ts'
import { Lifecycle } from './runtime/lifecycle.ts'
import { logEvents, logStart } from './runtime/log-listener.ts'
import { Outcomes } from './runtime/outcomes.ts'
import { Pump } from './runtime/pump.ts'
import { Rebalance } from './runtime/rebalance.ts'
import { Session } from './runtime/session.ts'
import type { Transactor } from './runtime/transactor.ts'
import { UserPausing } from './runtime/user-pausing.ts'
import { createOrdering, type SafeOrder } from './schedule/ordering.ts'
import { Scheduler } from './schedule/scheduler.ts'
import { Partitions } from './state/partitions.ts'
import { Slots } from './state/slots.ts'
import { Watching } from './watching.ts'

export interface AssemblyInput {
  readonly config: ConsumerConfig
  readonly entries: readonly ConfigEntry[]
  readonly logger: Logger
  readonly clock: Clock
}

/** The only place that constructs: each part gets what it needs through its ports, and none knows another. */
export class Assembly {
  readonly #config: ConsumerConfig
  readonly #entries: readonly ConfigEntry[]
  readonly logger: Logger
  readonly clock: Clock
  readonly events: Events
  readonly fenced: FenceCounter
  readonly late: LateCounter
  readonly partitions: Partitions = new Partitions()
  readonly slots: Slots = new Slots()
  readonly userPauses: UserPausing
  readonly failing: Failing
  readonly #handling: Handling
  readonly lifecycle: Lifecycle
  readonly order: SafeOrder
  readonly scheduler: Scheduler
  readonly committer: Committer | Transactor
  readonly #rebalance: Rebalance
  readonly #outcomes: Outcomes
  readonly dispatcher: Dispatcher
  readonly #pump: Pump
  readonly watching: Watching
  readonly concurrency: ConcurrencyControl
  readonly group: Group
  readonly session: Session
  readonly health: HealthWatch
  #driver: Driver | undefined

  constructor({ config, entries, logger, clock }: AssemblyInput) {
    this.#entries = entries
    this.#config = config
    this.logger = logger
    this.clock = clock
    this.events = new Events((event, error) => logger.error({ event, err: error }, 'an event listener threw'))
    logEvents(this.events, logger)
    this.fenced = new FenceCounter(this.events)
    this.late = new LateCounter(this.events)
    this.lifecycle = new Lifecycle(this.events)
    this.order = safeOrder(config)
    this.scheduler = new Scheduler(config, createOrdering(this.order, config.nullKey))
    this.failing = this.#createFailing()
    this.#handling = new Handling(config, this)
    this.userPauses = new UserPausing(this.#shared)
    this.committer = this.#createCommitter()
    this.#rebalance = this.#createRebalance()
    this.group = this.#createGroup()
    this.#outcomes = this.#createOutcomes()
    this.dispatcher = this.#createDispatcher()
    this.#pump = this.#createPump()
    this.watching = this.#createWatching()
    this.concurrency = new ConcurrencyControl(config, { ...this.#shared, runner: this.dispatcher })
    this.session = this.#createSession()
    this.health = this.#createHealth()
  }

  #createFailing(): Failing {
    return new Failing(this.#config, {
      ...this.#shared,
      order: this.order,
      driver: () => this.#driver as Driver,
      progressed: () => this.committer.noteSettled(0),
      reactSoon: () => this.#pump.reactSoon(),
    })
  }

  #createCommitter(): Committer | Transactor {
    return createCommitting(this.#config, {
      ...this.#shared,
      driver: () => this.#driver as Driver,
      lose: (states, reason) => this.#rebalance.lose(states, reason),
      fail: (error) => this.session.fail(error),
    })
  }

  #createRebalance(): Rebalance {
    return new Rebalance({
      ...this.#shared,
      keepAdmitted: this.#config.delivery === 'at-most-once',
      flush: (states) => this.committer.flush(states),
      retired: (state) => this.committer.retired(state),
    })
  }

  #createGroup(): Group {
    const intake = new Intake({
      ...this.#shared,
      arrived: (state) => this.watching.noteArrival(state),
      progressed: () => this.committer.noteSettled(0),
    })
    return new Group({
      ...this.#shared,
      drainBudgetMs: this.#config.drainBudgetMs,
      handlerOf: (topic) => this.#handling.of(topic),
      owned: (state) => this.failing.keyOrder.own(state),
      isPausedByUser: (partition) => this.userPauses.covers(partition),
      receive: (batch) => intake.receive(batch),
      advance: (partition, epoch, nextOffset) => intake.advance(partition, epoch, nextOffset),
      rebalance: this.#rebalance,
      undecodable: (...found) => this.failing.quarantine.undecodable(...found),
      resumeFetch: (partition) => this.#driver?.resume([partition]),
      fail: (error) => this.session.fail(error),
    })
  }

  #createOutcomes(): Outcomes {
    const waitForOpen = holdBack(this.scheduler, this.#config.maxUncommittedRecords)
    return new Outcomes({
      ...this.#shared,
      now: () => this.clock.now(),
      settled: (state, count) => {
        this.committer.noteSettled(count, state)
        this.watching.noteSettled(state)
        waitForOpen(state)
      },
      madeRoom: () => this.#pump.reactSoon(),
    })
  }

  #createDispatcher(): Dispatcher {
    return new Dispatcher(this.#config, {
      ...this.#shared,
      scope: attemptScope({
        config: this.#config,
        logger: this.logger,
        clock: this.clock,
        member: this.group,
        originals: this.failing.routes,
        settled: (context, record) => this.#outcomes.settleEarly(context, record),
      }),
      longMs: this.#config.heartbeatIntervalMs,
      gate: this.#handling.gate,
      handlerOf: (topic) => this.#handling.of(topic),
      waitingOutcome: this.failing.waitingOutcome,
      forward: this.failing.forward,
      apply: (outcome, context, state) => this.#outcomes.apply(outcome, context, state),
      lanesEnded: (isDue) => (isDue ? this.#noticed() : this.#rebalance.notice()),
      slotFreed: () => this.#pump.react(),
      broken: (error) => this.session.fail(error),
    })
  }

  #createPump(): Pump {
    return new Pump({
      ...this.#shared,
      admit: admission(this.#config.delivery, {
        partitions: this.partitions,
        start: (pollBatch) => this.scheduler.start(pollBatch),
        commitThrough: (state, offset) => this.committer.commitThrough(state, offset),
        waited: () => this.#noticed(),
        broken: (error) => this.session.fail(error),
      }),
      driver: () => this.#driver,
      review: () => this.failing.circuits.review(),
      fillSlots: () => this.dispatcher.fill(),
      broken: (error) => this.session.fail(error),
    })
  }

  #createWatching(): Watching {
    return new Watching(this.#config, {
      ...this.#shared,
      concurrency: () => this.dispatcher.concurrency,
      handlerOf: (topic) => this.#handling.of(topic),
      halt: (error, attempt, state) => this.#outcomes.halt(error, attempt, state),
      lose: (state, reason) => this.#rebalance.lose([state], reason),
      release: (partition) => this.#driver?.release([partition]),
      replace: (slot) => this.dispatcher.replace(slot),
      blocked: () => this.committer.doubt(),
    })
  }

  #createSession(): Session {
    return new Session({
      shutdownTimeoutMs: this.#config.shutdownTimeoutMs,
      state: () => this.lifecycle.state,
      enter: (state, error) => this.lifecycle.enter(state, error),
      startDriver: (signal) => this.#startDriver(signal),
      wind: (timeoutMs) => this.#wind(timeoutMs),
      shorten: (timeoutMs) => this.#rebalance.shorten(timeoutMs),
      stopDriver: () => this.#stopDriver(),
    })
  }

  #createHealth(): HealthWatch {
    return new HealthWatch(this.#config, {
      ...this.#shared,
      state: () => this.lifecycle.state,
      failure: () => this.session.failure,
      isMember: () => this.group.generationId !== undefined,
      commitFailures: () => this.committer.failures,
      circuits: () => this.failing.circuits.statuses,
      hasFreeSlot: () => this.slots.size < this.dispatcher.concurrency,
      answers: () => this.#driver?.answers,
    })
  }

  async #startDriver(signal: AbortSignal): Promise<void> {
    logStart(this.logger, this.#entries, warnings(this.#config))
    await this.#handling.start(signal)
    if (signal.aborted) return
    this.#driver = this.#config.driver.create({
      ...this.#config,
      ...this.failing.topicsOf(this.#config),
      startsAt: this.#handling.startsAt,
      transactionalIdPrefix: this.#config.transactions?.transactionalIdPrefix,
      logger: this.logger,
      sink: this.group,
    })
    this.watching.start()
    this.health.start()
    this.concurrency.start()
    await this.#driver.start(signal)
  }

  async #stopDriver(): Promise<void> {
    try {
      await this.#driver?.stop()
    } finally {
      await this.#handling.close()
    }
  }

  async #wind(timeoutMs: number): Promise<readonly AttemptEvent[]> {
    this.group.close()
    const strays = this.slots.strays()
    const abandoned = await this.#rebalance.drain('shutdown', timeoutMs)
    this.watching.stop()
    this.health.stop()
    this.concurrency.stop()
    this.committer.stop()
    this.failing.keyOrder.stop()
    this.#pump.stop()
    this.dispatcher.stop()
    return [...abandoned, ...strays.filter(({ isOver }) => !isOver).map(({ event }) => event)]
  }

  /** What most parts work on. */
  get #shared() {
    return {
      partitions: this.partitions,
      scheduler: this.scheduler,
      slots: this.slots,
      events: this.events,
      clock: this.clock,
      react: () => this.#pump.react(),
    }
  }

  #noticed(): void {
    this.#rebalance.notice()
    this.#pump.react()
  }
}
