import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { tracing } from '../../src/middleware/tracing.ts'
import { on } from '../../src/pipeline/handler.ts'
import { onBroker, values } from '../support/harness.ts'

const exporter = new InMemorySpanExporter()
api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager())

beforeEach(() => exporter.reset())
afterAll(() => {
  api.trace.disable()
  api.context.disable()
})

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const headers = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'vendor=1' }
const ONCE = { maxAttempts: 1, use: [tracing(api)] }

test('a consumer span continues the trace of its record, and what is inside runs in it', async () => {
  const inside: (string | undefined)[] = []
  async function send(): Promise<void> {
    await Promise.resolve()
    inside.push(api.trace.getActiveSpan()?.spanContext().spanId)
  }
  const { broker, clock } = await onBroker({ ...ONCE, handlers: [on('t', send)] })
  broker.produce('t', [{ value: 'x', headers }])
  await clock.settle()
  const [span] = exporter.getFinishedSpans()
  expect(span).toMatchObject({
    name: 'process t',
    kind: api.SpanKind.CONSUMER,
    parentSpanContext: { traceId: TRACE, spanId: SPAN, isRemote: true },
    status: { code: api.SpanStatusCode.UNSET },
    links: [],
  })
  expect(span?.spanContext().traceId).toBe(TRACE)
  expect(span?.spanContext().traceState?.get('vendor')).toBe('1')
  expect(span?.attributes).toEqual({
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 't',
    'messaging.destination.partition.id': '0',
    'messaging.consumer.group.name': 'g',
    'messaging.kafka.offset': 0,
    'holdfast.handler': 'send',
    'holdfast.attempt': 1,
  })
  expect(inside).toEqual([span?.spanContext().spanId])
})

test('without a valid traceparent it begins a trace of its own', async () => {
  const { broker, clock } = await onBroker(ONCE)
  broker.produce('t', [{ value: null, headers: { traceparent: 'nonsense' } }])
  await clock.settle()
  const [span] = exporter.getFinishedSpans()
  expect(span?.parentSpanContext).toBeUndefined()
  expect(span?.attributes).toMatchObject({ 'messaging.kafka.message.tombstone': true })
})

test('an error is recorded, with its code or its name', async () => {
  const fail = (): never => {
    throw new RangeError('no')
  }
  const { broker, clock } = await onBroker({ ...ONCE, handlers: [on('t', fail)] })
  broker.produce('t', values(0, 1))
  await clock.settle()
  expect(exporter.getFinishedSpans()).toMatchObject([
    {
      status: { code: api.SpanStatusCode.ERROR, message: 'RangeError: no' },
      attributes: { 'error.type': 'RangeError' },
      events: [{ name: 'exception' }],
    },
  ])
})

test('a batch is linked to the traces of its records, and says how many failed', async () => {
  const handlers = [on('t', { batch: true }, () => [undefined, new Error('no'), undefined])]
  const { broker, clock } = await onBroker({ ...ONCE, handlers, order: 'none' })
  broker.produce('t', [{ value: 'a', headers }, { value: 'b' }, { value: 'c', headers }])
  await clock.settle()
  const [span] = exporter.getFinishedSpans()
  expect(span).toMatchObject({
    parentSpanContext: undefined,
    attributes: { 'messaging.batch.message_count': 3 },
    status: { message: '1 of 3 records failed' },
  })
  expect(span?.links.map(({ context, attributes }) => [context.spanId, attributes])).toEqual([
    [SPAN, { 'messaging.kafka.offset': 0 }],
    [SPAN, { 'messaging.kafka.offset': 2 }],
  ])
})
