import type { HandlerDefinition } from '../pipeline/handler.ts'
import type { AnyMiddleware } from '../pipeline/middleware.ts'
import type { ThreadLimits } from '../pipeline/thread-handler.ts'
import type { CircuitBreaker } from '../policy/circuit-breaker.ts'
import type { FailurePolicy } from '../policy/failure-policy.ts'
import type { Clock } from '../ports/clock.ts'
import type { DriverFactory, PartitionAssignmentStrategy } from '../ports/driver.ts'
import type { Logger } from '../ports/logger.ts'
import type { NullKey, Order } from '../schedule/ordering.ts'

/** What is promised of a record that may be delivered more than once. */
export type Delivery = 'at-most-once' | 'at-least-once' | 'exactly-once'

/**
 * What can be asked of a consumer. Names are Kafka's in camelCase, with the unit; the table in `docs/options.md` maps
 * each to its Kafka property. Unknown names are refused.
 */
export interface ConsumerOptions {
  /** The client library to use, as in `kafkajs({ brokers })`. */
  readonly driver: DriverFactory
  /** `group.id`. */
  readonly groupId: string
  /** Made by `on`. Their topics are what the consumer subscribes to. */
  readonly handlers: readonly HandlerDefinition[]
  /**
   * The topics that this service means to serve. Each must have a handler; state them where the list comes from
   * elsewhere than the handlers. @default the topics of the handlers
   */
  readonly topics?: readonly (string | RegExp)[]
  /**
   * - `at-least-once`: an offset is committed after every record before it is settled. A crash repeats at most what was
   *   in flight and what was settled but not yet committed.
   * - `at-most-once`: the end of a poll batch is committed, and acknowledged, before its first handler starts. A crash
   *   loses at most the records in flight and never repeats one.
   * - `exactly-once`: commits as with at-least-once, and what a record leads to happens once. It needs a way to keep that:
   *   middleware around every handler that sees to it, such as `idempotent` of `@holdfast/idempotency`, or `transactions`, outputs
   *   and offsets in one Kafka transaction. Without one the consumer does not start.
   * @default 'at-least-once'
   */
  readonly delivery?: Delivery
  /**
   * Kafka transactions for consume-transform-produce: what handlers give to `context.produce` and the offsets of their
   * records become visible together, or not at all. Each input partition has a `transactional.id` of its own,
   * `transactionalIdPrefix/topic/partition`. Wants `delivery: 'exactly-once'`. `true` takes the defaults. @default none
   */
  readonly transactions?: true | TransactionOptions
  /**
   * Which records wait for one another: `key`, those with equal keys of one partition; `partition`, all of a partition;
   * `none`; or those for which a function answers the same text or number. It must do so whenever it is asked for a record; one
   * for which it throws, or answers something else, fails with `HF_ORDER_FAILED` like one that does not decode.
   * @default 'key'
   */
  readonly order?: Order
  /** What a record without a key waits for with `order: 'key'`. @default 'record', nothing */
  readonly nullKey?: NullKey
  /**
   * How many handlers may run at once over all partitions: a number, or `auto`, which moves it between `minConcurrency` and
   * `maxConcurrency` by what the handlers take. `setConcurrency` changes it. @default 10
   */
  readonly concurrency?: number | 'auto'
  /** The fewest handlers at once that `concurrency: 'auto'` goes down to. @default 1 */
  readonly minConcurrency?: number
  /** The most handlers at once that `concurrency: 'auto'` goes up to. @default 256 */
  readonly maxConcurrency?: number
  /** How many handlers may run at once for one partition. @default no limit of its own */
  readonly concurrencyPerPartition?: number
  /** At most so many records are handed over per interval. Not with batch handlers. @default no limit */
  readonly rateLimit?: { readonly records: number; readonly intervalMs: number }
  /**
   * How many records of a partition may be done past one that is not: what a crash repeats at most beyond what runs. Past
   * it the partition waits for the open record. @default 10000
   */
  readonly maxUncommittedRecords?: number
  /**
   * `max.poll.records`: how many records of one partition may be admitted and not settled. While slots idle, those that
   * wait behind another one of their lane do not count, unless with at-most-once. With `auto` it follows what the handler
   * takes: a poll batch is expected to end within a quarter of `maxPollIntervalMs`, with one record for each slot at the
   * least and 500 at the most. A number is kept, and warned of where the handler is too slow for it. @default 'auto'
   */
  readonly maxPollRecords?: number | 'auto'
  /**
   * How many records a batch handler takes at a time. Lower than `maxPollRecords`, several batches of a partition run at
   * once, no two of them with records of one lane. @default all that may be admitted
   */
  readonly maxBatchRecords?: number
  /** How many bytes of one partition are admitted at a time; a larger record is admitted alone. @default 52428800 */
  readonly maxPollBytes?: number
  /** How long a batch handler's poll batch may wait to fill. @default 0 */
  readonly maxPollWaitMs?: number
  /**
   * `max.poll.interval.ms`: how long the records of a partition that were admitted together may take. At 80 % of it, or when
   * what waits would not be done in time, the partition takes on nothing more until it is below half. Unlike in the Java
   * client, the member stays in the group. @default 300000
   */
  readonly maxPollIntervalMs?: number
  /** How long one attempt may take; its signal aborts then. @default maxPollIntervalMs */
  readonly handlerTimeoutMs?: number
  /**
   * What follows when an attempt reaches `handlerTimeoutMs`.
   * - `retry`: as for any error, when the handler has come back: its record is tried again, up to `maxAttempts`.
   * - `halt`: the partition halts at the record at once, whether the handler comes back or not.
   * - `release`: the partition is given up at once without a commit of the record, and the group assigns it anew. The handler
   *   may still be running when the record is handled again.
   * @default 'retry'
   */
  readonly onHandlerTimeout?: 'retry' | 'halt' | 'release'
  /**
   * How long a partition may have lag and settle nothing before the consumer is unhealthy. Should be longer than what the
   * slowest record takes with its retries. @default maxPollIntervalMs + maxPollWaitMs
   */
  readonly stallTimeoutMs?: number
  /** `session.timeout.ms`; brokers that answer nothing for so long make the consumer unhealthy. @default 45000 */
  readonly sessionTimeoutMs?: number
  /** `heartbeat.interval.ms`. @default 3000 */
  readonly heartbeatIntervalMs?: number
  /** How long the group waits for its members to rejoin. @default maxPollIntervalMs, as in the Java client */
  readonly rebalanceTimeoutMs?: number
  /** How long a rebalance waits for handlers that run. @default 80 % of what the rebalance time-out leaves */
  readonly drainBudgetMs?: number
  /**
   * `partition.assignment.strategy`, in the order of preference; the group takes one that all of its members have. With
   * `cooperative-sticky` (KIP-429) only partitions that move are drained, and the others go on through a rebalance; the
   * others are the Java client's of the same names, and stop all partitions until a rebalance is over.
   * @default ['cooperative-sticky', 'range'], so that members can be replaced one by one whichever they have now
   */
  readonly partitionAssignmentStrategy?: readonly PartitionAssignmentStrategy[]
  /**
   * `group.instance.id` (KIP-345): a name of its own for every member. One that stops does not leave: if it is back within
   * `sessionTimeoutMs` it has its partitions again and no rebalance happens; else they wait for so long. A second process
   * of the same name takes over from the first, whose `run` rejects with `HF_INSTANCE_FENCED`.
   * @default none
   */
  readonly groupInstanceId?: string
  /** `fetch.max.wait.ms`; also bounds how late a pause, a resume, a rebalance and a stop are noticed. @default 250 */
  readonly fetchMaxWaitMs?: number
  /** `fetch.min.bytes`. @default 1 */
  readonly fetchMinBytes?: number
  /** `fetch.max.bytes`. @default 10485760 */
  readonly fetchMaxBytes?: number
  /** `max.partition.fetch.bytes`. @default 1048576 */
  readonly maxPartitionFetchBytes?: number
  /**
   * `auto.offset.reset`: where a partition starts that has no committed offset, and where one goes on whose position has
   * left the log, which `partition:reset` tells. With `none`, `run` rejects with `HF_OFFSET_MISSING`. @default 'earliest'
   */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'none'
  /** `isolation.level`. @default 'read_committed' */
  readonly isolationLevel?: 'read_committed' | 'read_uncommitted'
  /**
   * A commit is sent after so many settled records or so many milliseconds; with `transactions` the records are counted for
   * each partition. @default { records: 1000, ms: 1000 }; with `transactions` ms: 100, since outputs wait for it
   */
  readonly commitInterval?: { readonly records?: number; readonly ms?: number }
  /**
   * What follows when a record fails, as `retry({ attempts: 5 }).then(deadLetter())`; a handler can have its own. A record that
   * does not decode, or whose handler throws `Fatal`, is not tried again, unless `when` says so for that error.
   * @default retry with `maxAttempts`, `retryBackoffMs` and `retryBackoffMaxMs`; then the dead-letter topic, or where there is
   * none a halted partition
   */
  readonly onFailure?: FailurePolicy
  /**
   * What the handlers depend on that have no `circuit` of their own, made by `circuitBreaker`. While it fails, their partitions
   * are paused and no attempt counts. Not with at-most-once. @default none
   */
  readonly circuit?: CircuitBreaker
  /**
   * Where records go that failed for good, with their bytes and headers as they were and what became of them in headers of
   * ours. The source offset is settled when all replicas in sync have it. It must exist. @default none
   */
  readonly deadLetterTopic?: string
  /** Calls of a handler for one record, where `onFailure` is not given. @default 5; 1 with at-most-once */
  readonly maxAttempts?: number
  /** `retry.backoff.ms`: the first pause between attempts; it doubles, with full jitter. @default 200 */
  readonly retryBackoffMs?: number
  /** `retry.backoff.max.ms`. @default 30000 */
  readonly retryBackoffMaxMs?: number
  /**
   * The longest key that is handed over. As with the limits below a longer one fails its record like one that does not decode:
   * it is not tried again. @default 1048576, since lanes are named by keys
   */
  readonly maxRecordKeyBytes?: number
  /** The longest value that is handed over. @default 33554432: 30 times what a topic takes by default */
  readonly maxRecordValueBytes?: number
  /** The most headers of a record that is handed over. @default 1000 */
  readonly maxRecordHeaders?: number
  /** The most that the names and values of a record's headers may come to. @default 262144 */
  readonly maxRecordHeaderBytes?: number
  /**
   * How often a batch that the client cannot decode and that may be damaged is fetched, with pauses as between attempts, before
   * its offsets are quarantined: the dead-letter topic gets a note of them, and the partition goes on past them. Without such
   * a topic it halts. @default 3
   */
  readonly quarantineAfter?: number
  /** How long `stop` waits for handlers that run. @default 30000 */
  readonly shutdownTimeoutMs?: number
  /** Records held in memory, over all partitions; each partition may hold its share. @default 50000 */
  readonly maxBufferedRecords?: number
  /**
   * Bytes held in memory, over all partitions; each partition may hold its share. A record counts with its key, its value, the
   * names and values of its headers, and 512 bytes for itself and 256 for each header. @default 134217728
   */
  readonly maxBufferedBytes?: number
  /** Records of one partition held in memory. @default 10000 */
  readonly maxPartitionBufferedRecords?: number
  /** Bytes of one partition held in memory, counted as in `maxBufferedBytes`. @default 16777216 */
  readonly maxPartitionBufferedBytes?: number
  /** Functions around every attempt of every handler, the outermost first: `[logging(), timeout(30_000)]`. @default none */
  readonly use?: readonly AnyMiddleware[]
  /**
   * The threads that handlers with `isolate: 'thread'` share. Where all handlers are such, `concurrency` is `maxThreads`
   * by default. @default { maxThreads: os.availableParallelism(), idleTimeoutMs: 30000 }
   */
  readonly threads?: ThreadLimits
  /** A pino logger, or anything of its shape. Lines that it throws for are lost. @default pino at level `info` */
  readonly logger?: Logger
  /** Where time comes from; for tests. @default the system's clocks */
  readonly clock?: Clock
}

/** Options of `transactions`. */
export interface TransactionOptions {
  /** Groups that read the same topic need different ones. @default groupId */
  readonly transactionalIdPrefix?: string
  /**
   * Bytes of outputs of one partition that may wait for their transaction, a constant for each output included; past it the
   * partition takes on nothing more until half remains. @default 16777216
   */
  readonly maxOutputBytes?: number
}

type Undefaulted =
  | 'concurrencyPerPartition'
  | 'rateLimit'
  | 'groupInstanceId'
  | 'maxBatchRecords'
  | 'onFailure'
  | 'circuit'
  | 'deadLetterTopic'
  | 'threads'
type Given = 'driver' | 'handlers' | 'logger' | 'clock' | 'topics' | 'commitInterval' | 'transactions'
type Defaulted = Required<Omit<ConsumerOptions, Given | Undefaulted>> & Pick<ConsumerOptions, Undefaulted>

/** The options in force: complete, checked and frozen. */
export interface ConsumerConfig extends Defaulted {
  readonly driver: DriverFactory
  readonly handlers: readonly HandlerDefinition[]
  readonly topics: readonly (string | RegExp)[]
  readonly commitInterval: { readonly records: number; readonly ms: number }
  readonly transactions?: Required<TransactionOptions>
}
