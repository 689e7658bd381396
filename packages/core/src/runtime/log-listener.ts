import { describeError } from '../errors/holdfast-error.ts'
import { partitionName } from '../model/topic-partition.ts'
import type { DeadlineRung, PollRung } from '../policy/deadline.ts'
import type { HealthStatus } from '../policy/health.ts'
import type { CommitRequest } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { Logger } from '../ports/logger.ts'

/** What is in force, and what in it rarely works as wished. */
export function logStart(
  logger: Logger,
  config: readonly { readonly name: string; readonly value: string }[],
  warnings: readonly string[],
): void {
  logger.info({ config: Object.fromEntries(config.map(({ name, value }) => [name, value])) }, 'consumer starts')
  for (const warning of warnings) logger.warn({ warning }, 'configuration warning')
}

/** Turns events into log lines: constant messages, fixed fields, nothing per record above debug. */
export function logEvents(events: Events, logger: Logger): void {
  logLifecycle(events, logger)
  logPartitions(events, logger)
  logAttempts(events, logger)
  logSlowness(events, logger)
  logCircuits(events, logger)
  logConcurrency(events, logger)
  logCommits(events, logger)
  logHealth(events, logger)
}

function logLifecycle(events: Events, logger: Logger): void {
  events.on('consumer:state', ({ from, to, error }) => {
    if (error === undefined) logger.info({ from, to }, 'consumer state changed')
    else logger.error({ from, to, err: error }, 'consumer failed')
  })
  events.on('group:joined', ({ memberId, generationId, epoch, partitions, added }) =>
    logger.info(
      { memberId, generationId, epoch, partitions: partitions.map(partitionName), added: added.map(partitionName) },
      'joined the group',
    ),
  )
  events.on('group:revoked', ({ partitions }) =>
    logger.info({ partitions: partitions.map(partitionName) }, 'gave partitions up'),
  )
  events.on('group:lost', ({ reason, partitions }) =>
    logger.warn(
      { reason, partitions: partitions.map(partitionName) },
      'lost partitions; records that were not committed are delivered again',
    ),
  )
  events.on('drain:overrun', ({ cause, attempts }) =>
    logger.warn(
      {
        cause,
        attempts: attempts.map(
          ({ ageMs, ...attempt }) =>
            `${partitionName(attempt)}@${attempt.offset} (${attempt.handler}, since ${Math.round(ageMs)} ms)`,
        ),
      },
      'handlers outlast the drain: they are aborted, and their records run again',
    ),
  )
  events.on('drain:ended', ({ cause, partitions, durationMs, abandoned }) => {
    const fields = {
      cause,
      partitions: partitions.map(partitionName),
      durationMs: Math.round(durationMs),
      abandoned: abandoned.map((attempt) => `${partitionName(attempt)}@${attempt.offset} (${attempt.handler})`),
    }
    if (abandoned.length === 0) logger.info(fields, 'drained')
    else logger.warn(fields, 'drained without some handlers; their records are delivered again')
  })
  events.on('driver:crashed', ({ error, willRestart }) =>
    logger.error({ code: error.code, err: error, willRestart }, 'client crashed'),
  )
}

function logPartitions(events: Events, logger: Logger): void {
  events.on('partition:paused', (fields) => logger.debug(fields, 'partition paused'))
  events.on('partition:resumed', (fields) => logger.debug(fields, 'partition resumed'))
  events.on('partition:halted', ({ error, ...fields }) =>
    logger.error({ ...fields, code: error.code, err: error }, 'partition halted'),
  )
  events.on('partition:reset', (fields) => logger.warn(fields, 'position was outside the log and has been moved'))
  events.on('metadata:ignored', (fields) =>
    logger.warn(fields, 'commit metadata ignored; records that were done past the committed offset run again'),
  )
  events.on('record:skipped', (fields) => logger.debug(fields, 'records skipped'))
  events.on('fetch:undecodable', ({ error, retryInMs, ...fields }) =>
    logger.warn(
      { ...fields, code: error.code, reason: error.message, retryInMs: Math.round(retryInMs) },
      'batch cannot be decoded; it is fetched again',
    ),
  )
  events.on('record:quarantined', ({ error, ...fields }) =>
    logger.error(
      { ...fields, code: error.code, reason: error.message },
      fields.deadLetterTopic === undefined
        ? 'offsets that cannot be decoded are passed, as the failure policy says'
        : 'offsets that cannot be decoded are passed; their dead-letter topic has a note of them',
    ),
  )
  events.on('batch:received', (fields) => logger.debug(fields, 'batch received'))
  events.on('batch:dropped', (fields) => logger.debug(fields, 'batch dropped'))
}

function logAttempts(events: Events, logger: Logger): void {
  events.on('attempt:failed', ({ error, retryInMs, ...fields }) => {
    if (fields.records === 0)
      logger.warn({ ...fields, reason: describeError(error) }, 'handler failed after it had settled its whole batch')
    if (retryInMs === undefined) return
    logger.warn(
      { ...fields, reason: describeError(error), retryInMs: Math.round(retryInMs) },
      'attempt failed; it is tried again',
    )
  })
  const known = new Set<string>()
  events.on('filter:failed', ({ error, ...fields }) => {
    // It may fail for every record: once for each handler tells what to correct.
    const place = `${fields.option} ${fields.handler}`
    const level = known.has(place) ? 'debug' : 'error'
    known.add(place)
    logger[level]({ ...fields, code: error.code, reason: error.message }, 'a filter of errors failed')
  })
  events.on('attempt:late', ({ rung, ageMs, remaining, ...fields }) =>
    logger.warn({ ...fields, rung, ageMs: Math.round(ageMs), remaining: round(remaining) }, LATE_ATTEMPT[rung]),
  )
  events.on('record:moved', ({ error, reason, ...fields }) => {
    if (reason === 'behind its key') return logger.debug(fields, 'record goes to a retry topic behind its key')
    logger.warn({ ...fields, reason: describeError(error) }, 'record failed; it is tried again from its retry topic')
  })
  events.on('keyorder:failed', ({ error, retryInMs, ...fields }) =>
    logger.error(
      { ...fields, code: error.code, reason: error.message, retryInMs: Math.round(retryInMs) },
      'what waits in retry topics could not be looked up; its keys wait',
    ),
  )
  events.on('retrytopic:failed', ({ error, retryInMs, ...fields }) =>
    logger.error(
      { ...fields, code: error.code, reason: error.message, retryInMs: retryInMs && Math.round(retryInMs) },
      retryInMs === undefined
        ? 'retry topic is too small for the record; it goes no further'
        : 'retry topic did not take the record; it stays open',
    ),
  )
  events.on('record:dead', ({ error, ...fields }) =>
    logger.warn({ ...fields, reason: describeError(error) }, 'record failed for good; its dead-letter topic has it'),
  )
  events.on('record:discarded', ({ error, ...fields }) =>
    logger.warn({ ...fields, error: describeError(error) }, 'record settled without effect'),
  )
  events.on('deadletter:failed', ({ error, retryInMs, ...fields }) =>
    logger.error(
      { ...fields, code: error.code, reason: error.message, retryInMs: Math.round(retryInMs) },
      'dead letter not taken; the record stays open and its partition waits',
    ),
  )
  events.on('attempt:stale', (fields) => logger.warn(fields, 'handler came back after its epoch had ended'))
}

const LATE_ATTEMPT: Readonly<Record<DeadlineRung, string>> = {
  warn: 'handler is slow: raise handlerTimeoutMs or lower the time that the handler takes',
  pause:
    'handler is slow, and its partition takes on nothing more until it is done: raise maxPollIntervalMs or lower the time that the handler takes',
  abort:
    'handler has reached its time-out, and its signal aborts: raise handlerTimeoutMs or lower the time that the handler takes',
  ignored:
    'handler does not come back though its signal aborted, and its key waits for it: let it end with the signal, or set onHandlerTimeout',
}

const LATE_POLL: Readonly<Record<PollRung, string>> = {
  warn: 'records that were admitted together have used half of their interval: raise maxPollIntervalMs or concurrency, or lower a maxPollRecords that was given',
  pause:
    'partition takes on nothing more, lest what it has outlasts its interval: raise maxPollIntervalMs or concurrency, or lower a maxPollRecords that was given',
  overrun:
    'records that were admitted together have outlasted their interval: raise maxPollIntervalMs or concurrency, or lower a maxPollRecords that was given',
}

function logSlowness(events: Events, logger: Logger): void {
  events.on('poll:late', ({ rung, ageMs, foreseenMs, remaining, ...fields }) =>
    logger.warn(
      { ...fields, rung, ageMs: Math.round(ageMs), foreseenMs: Math.round(foreseenMs), remaining: round(remaining) },
      LATE_POLL[rung],
    ),
  )
  events.on('poll:oversized', ({ p95Ms, expectedMs, ...fields }) =>
    logger.warn(
      { ...fields, p95Ms: Math.round(p95Ms), expectedMs: Math.round(expectedMs) },
      "the handler is too slow for maxPollRecords: set it to 'auto' or to what fits, or raise maxPollIntervalMs",
    ),
  )
  events.on('partition:blocked', ({ ageMs, ...fields }) =>
    logger.warn(
      { ...fields, ageMs: Math.round(ageMs) },
      'one record holds back nearly all that may be done past it; its partition waits for it at maxUncommittedRecords',
    ),
  )
  events.on('loop:blocked', ({ durationMs, attempts }) =>
    logger.error(
      {
        durationMs: Math.round(durationMs),
        attempts: attempts.map((attempt) => `${partitionName(attempt)}@${attempt.offset} (${attempt.handler})`),
      },
      "the event loop stood still, and heartbeats with it: let the handler wait for what it calls, or run it with isolate: 'thread'",
    ),
  )
}

function logCircuits(events: Events, logger: Logger): void {
  events.on('circuit:opened', ({ cause, waitMs, downMs, ...fields }) =>
    logger.warn(
      { ...fields, waitMs: Math.round(waitMs), downMs: Math.round(downMs), reason: describeError(cause) },
      'a dependency fails: its partitions are paused, and one record is tried after a wait',
    ),
  )
  events.on('circuit:half-open', (fields) => logger.info(fields, 'one record is tried at a dependency that failed'))
  events.on('circuit:closed', ({ downMs, ...fields }) =>
    logger.info({ ...fields, downMs: Math.round(downMs) }, 'a dependency is back: all goes on'),
  )
  events.on('attempt:held', ({ error, ...fields }) =>
    logger.debug(
      { ...fields, reason: describeError(error) },
      'attempt failed by its dependency; its records wait for it',
    ),
  )
}

function round(share: number): number {
  return Math.round(share * 100) / 100
}

/** Trials come and go by themselves; what the downstream or the user caused is worth a line. */
function logConcurrency(events: Events, logger: Logger): void {
  events.on('concurrency:changed', (fields) => {
    const level = fields.reason === 'failures' || fields.reason === 'set' ? 'info' : 'debug'
    logger[level](fields, 'number of slots changed')
  })
}

function logCommits(events: Events, logger: Logger): void {
  events.on('commit:ok', ({ offsets }) => logger.debug({ offsets: named(offsets) }, 'offsets committed'))
  events.on('commit:fenced', ({ offsets, error }) =>
    logger.warn({ offsets: named(offsets), code: error.code, reason: error.message }, 'commit fenced'),
  )
  events.on('commit:unknown', ({ offsets, error }) =>
    logger.warn(
      { offsets: named(offsets), code: error.code, reason: error.message },
      'commit got no answer; it is repeated',
    ),
  )
}

const BADNESS: Readonly<Record<HealthStatus, number>> = { starting: 0, healthy: 0, degraded: 1, unhealthy: 2 }

function logHealth(events: Events, logger: Logger): void {
  events.on('health:changed', ({ from, to, reasons }) =>
    logger[BADNESS[to] > BADNESS[from] ? 'warn' : 'info']({ from, to, reasons }, 'health changed'),
  )
}

function named(offsets: readonly CommitRequest[]): string[] {
  return offsets.map((request) => `${partitionName(request)}@${request.offset}`)
}
