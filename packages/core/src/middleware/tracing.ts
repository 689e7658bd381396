import { classOf, describeError, HoldfastError } from '../errors/holdfast-error.ts'
import { readable } from '../errors/readable.ts'
import type { ConsumerRecord } from '../model/record.ts'
import { failuresOf } from '../pipeline/batch-results.ts'
import type { AttemptCall, Middleware } from '../pipeline/middleware.ts'
import type { OpenTelemetryApi, OpenTelemetrySpan, OpenTelemetrySpanContext } from './open-telemetry.ts'
import { traceParentOf } from './trace-context.ts'

/** `SpanKind.CONSUMER` and `SpanStatusCode.ERROR`. */
const CONSUMER = 4
const ERROR = 2

/**
 * A span `process <topic>` around every attempt, by OpenTelemetry's conventions for messaging. A record's span continues
 * the trace of its `traceparent` and `tracestate` headers; that of a batch is linked to the traces of its records. What
 * is inside runs in its context. Takes the API as it is: `tracing(await import('@opentelemetry/api'))`.
 */
export function tracing(api: OpenTelemetryApi): Middleware {
  const tracer = api.trace.getTracer('@holdfast/core')
  return async function tracing(call, next): Promise<unknown> {
    const active = api.context.active()
    const origin = call.batch ? undefined : originOf(api, call.raw[0] as ConsumerRecord)
    const parent = origin === undefined ? active : api.trace.setSpanContext(active, origin)
    const links = call.batch ? linksOf(api, call.raw) : []
    const options = { kind: CONSUMER, attributes: attributesOf(call), links }
    const span = tracer.startSpan(`process ${call.topic}`, options, parent)
    try {
      const answer = await api.context.with(api.trace.setSpan(parent, span), () => next())
      if (call.batch) noteFailures(span, answer, call.records.length)
      return answer
    } catch (error) {
      fail(span, error, describeError(error))
      throw error
    } finally {
      span.end()
    }
  }
}

function attributesOf(call: AttemptCall): Record<string, string | number | boolean> {
  const { batch, records, record, raw } = call
  return {
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': call.topic,
    'messaging.destination.partition.id': String(call.partition),
    'messaging.consumer.group.name': call.groupId,
    'messaging.kafka.offset': record.offset,
    ...(batch ? { 'messaging.batch.message_count': records.length } : {}),
    ...(!batch && raw[0]?.value === null ? { 'messaging.kafka.message.tombstone': true } : {}),
    'holdfast.handler': call.handler,
    'holdfast.attempt': call.attempt,
  }
}

function linksOf(api: OpenTelemetryApi, records: readonly ConsumerRecord[]) {
  return records.flatMap((record) => {
    const context = originOf(api, record)
    return context === undefined ? [] : [{ context, attributes: { 'messaging.kafka.offset': record.offset } }]
  })
}

function originOf(api: OpenTelemetryApi, { headers }: ConsumerRecord): OpenTelemetrySpanContext | undefined {
  const parent = traceParentOf(headers)
  if (parent === undefined) return undefined
  const { traceState, ...ids } = parent
  return {
    ...ids,
    isRemote: true,
    ...(traceState === undefined ? {} : { traceState: api.createTraceState(traceState) }),
  }
}

function noteFailures(span: OpenTelemetrySpan, answer: unknown, records: number): void {
  const failures = failuresOf(answer, records)
  const [first] = failures
  if (first !== undefined) fail(span, first.error, `${failures.length} of ${records} records failed`)
}

function fail(span: OpenTelemetrySpan, thrown: unknown, message: string): void {
  const error = readable(thrown)
  span.setAttribute('error.type', typeOf(error))
  span.recordException(error instanceof Error ? error : describeError(error))
  span.setStatus({ code: ERROR, message })
}

function typeOf(error: unknown): string {
  if (error instanceof HoldfastError) return error.code
  return error instanceof Error ? classOf(error) : '_OTHER'
}
