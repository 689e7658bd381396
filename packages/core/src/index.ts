export type { Consumer, RunOptions, StopOptions } from './api.ts'
export type { ConfigEntry, Origin } from './config/entries.ts'
export { instanceIdFromEnvironment } from './config/instance-id.ts'
export type { ConsumerOptions, TransactionOptions } from './config/options.ts'
export { OPTION_TABLE, type OptionSpec } from './config/table.ts'
export { createConsumer } from './consumer.ts'
export { ERROR_CODES, type ErrorCodeEntry } from './errors/codes.ts'
export type { ErrorCode } from './errors/error-code.ts'
export { HoldfastError, type HoldfastErrorOptions } from './errors/holdfast-error.ts'
export type { ConsumerReport, HealthSource, ProbeReport } from './health/probes.ts'
export { createHealthServer, type HealthServer, type HealthServerOptions } from './health/server.ts'
export { logging } from './middleware/logging.ts'
export type { OpenTelemetryApi } from './middleware/open-telemetry.ts'
export { type PoisonGuardOptions, poisonGuard } from './middleware/poison-guard.ts'
export { fileStartStore, type StartStore } from './middleware/start-store.ts'
export { throttle } from './middleware/throttle.ts'
export { timeout } from './middleware/timeout.ts'
export type { Rate } from './middleware/token-bucket.ts'
export { tracing } from './middleware/tracing.ts'
export type { LifecycleState } from './model/lifecycle.ts'
export { parseOffset } from './model/offset.ts'
export type { AbortReason } from './model/outcome.ts'
export { partitionOfKey } from './model/partition-of-key.ts'
export type { PauseCause } from './model/pause-cause.ts'
export {
  type ConsumerRecord,
  type HeaderEntry,
  headerBytes,
  type RecordBatch,
  RecordHeaders,
  type RecordOrigin,
  recordBytes,
} from './model/record.ts'
export { type RecordSource, recordsOf, sourceOf } from './model/record-source.ts'
export { type AssignedPartition, partitionName, type TopicPartition } from './model/topic-partition.ts'
export type { Undecodable, UndecodableKind } from './model/undecodable.ts'
export { type BatchFailure, failuresOf } from './pipeline/batch-results.ts'
export { bytes, type Decoder, type JsonOptions, json, SchemaMismatch, string } from './pipeline/decoders.ts'
export {
  type BatchHandler,
  type BatchHandlerContext,
  type HandlerContext,
  type HandlerDefinition,
  type HandlerOptions,
  on,
  type RecordHandler,
  type TopicPattern,
} from './pipeline/handler.ts'
export {
  type AnyMiddleware,
  type AttemptCall,
  declareMiddleware,
  type Middleware,
  type MiddlewareTraits,
  type Narrowing,
  type Next,
} from './pipeline/middleware.ts'
export type { Output } from './pipeline/output.ts'
export type { DeadLetter } from './pipeline/read-dead-letter.ts'
export type { RecordOf } from './pipeline/record-of.ts'
export type {
  ThreadBatchContext,
  ThreadBatchHandler,
  ThreadContext,
  ThreadHandler,
  ThreadLimits,
  ThreadOptions,
} from './pipeline/thread-handler.ts'
export type { CircuitState } from './policy/circuit.ts'
export { type CircuitBreaker, type CircuitBreakerOptions, circuitBreaker } from './policy/circuit-breaker.ts'
export type { ConcurrencyReason } from './policy/concurrency-controller.ts'
export type { DeadlineRung, LateCounts, PollRung } from './policy/deadline.ts'
export type { ErrorFilter, FilterOption } from './policy/error-filter.ts'
export {
  deadLetter,
  exponential,
  type FailurePolicy,
  halt,
  type RetryOptions,
  retry,
  skip,
} from './policy/failure-policy.ts'
export type { ExponentialBackoff, FailureStep, RetryLevel } from './policy/failure-steps.ts'
export type { Health, HealthCode, HealthReason, HealthStatus } from './policy/health.ts'
export { type RetryTopic, type RetryTopicsOptions, retryTopics } from './policy/retry-topics.ts'
export { Fatal, RetryLater, type RetryLaterOptions, Skip, Unavailable } from './policy/verdicts.ts'
export type { Clock, Timer } from './ports/clock.ts'
export type {
  Adoption,
  Assignment,
  CommitRequest,
  CommitResult,
  Driver,
  DriverAnswers,
  DriverContext,
  DriverFactory,
  DriverLogs,
  DriverSink,
  MembershipAnswer,
  OutgoingRecord,
  PartitionAssignmentStrategy,
  PartitionStanding,
  StartsAt,
  TransactionRequest,
  TransactionResult,
} from './ports/driver.ts'
export type {
  AttemptEvent,
  CircuitEvent,
  ConsumerEvents,
  DrainCause,
  EventListener,
  EventName,
  HeadOfLine,
  PartitionEvent,
} from './ports/events.ts'
export { guardedLogger } from './ports/guarded-logger.ts'
export type { Logger } from './ports/logger.ts'
export { checkTopicWidths, type TopicWidth } from './ports/topic-width.ts'
export {
  type DeadLetterGroup,
  type InspectOptions,
  listDeadLetters,
  type PeekOptions,
  peekDeadLetters,
} from './redrive/inspect.ts'
export { type LetterFate, type RedriveOptions, type RedriveReport, redrive } from './redrive/redrive.ts'
export { EXIT_CODES, type Runnable, type RunUntilSignalOptions, runUntilSignal } from './runtime/run-until-signal.ts'
export type { StopReport } from './runtime/session.ts'
export type {
  ConsumerStatus,
  FencedCounts,
  PartitionStatus,
  SlotStatus,
} from './runtime/status.ts'
export type { LimitName } from './schedule/limits.ts'
export type { LaneKey, NullKey, Order } from './schedule/ordering.ts'
export type { DeadlineStatus } from './state/deadlines.ts'
export type { CircuitStatus } from './state/dependency.ts'
export type { OldestOpen, PartitionPhase } from './state/partition-state.ts'
