/** The part of `@opentelemetry/api` that `tracing` calls; the module fits as it is. */
export interface OpenTelemetryApi {
  readonly trace: {
    getTracer(name: string): OpenTelemetryTracer
    setSpan(context: unknown, span: OpenTelemetrySpan): unknown
    setSpanContext(context: unknown, spanContext: OpenTelemetrySpanContext): unknown
  }
  readonly context: {
    active(): unknown
    with<T>(context: unknown, call: () => T): T
  }
  createTraceState(text: string): OpenTelemetryTraceState
}

export interface OpenTelemetryTracer {
  startSpan(name: string, options: OpenTelemetrySpanOptions, context: unknown): OpenTelemetrySpan
}

export interface OpenTelemetrySpanOptions {
  kind?: number
  attributes?: Record<string, string | number | boolean>
  links?: { context: OpenTelemetrySpanContext; attributes?: Record<string, string | number> }[]
}

export interface OpenTelemetrySpanContext {
  traceId: string
  spanId: string
  traceFlags: number
  isRemote?: boolean
  traceState?: OpenTelemetryTraceState
}

export interface OpenTelemetrySpan {
  setAttribute(name: string, value: string | number): unknown
  setStatus(status: { code: number; message?: string }): unknown
  recordException(error: Error | string): void
  end(): void
}

export interface OpenTelemetryTraceState {
  get(name: string): string | undefined
  set(name: string, value: string): OpenTelemetryTraceState
  unset(name: string): OpenTelemetryTraceState
  serialize(): string
}
