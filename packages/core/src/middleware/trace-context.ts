import type { RecordHeaders } from '../model/record.ts'

/** Where a record comes from, as W3C Trace Context tells it. */
export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
  /** The text of `tracestate`; its members are for the tracer to check. */
  readonly traceState: string | undefined
}

const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/
const MAX_TRACEPARENT_BYTES = 256
/** What a vendor should propagate at least, and what tracers take at most. */
const MAX_TRACESTATE_BYTES = 512

/** The `traceparent` and `tracestate` of a record; undefined where the former is absent or not valid. */
export function traceParentOf(headers: RecordHeaders): TraceParent | undefined {
  const match = TRACEPARENT.exec(shortText(headers.get('traceparent'), MAX_TRACEPARENT_BYTES) ?? '')
  if (match === null) return undefined
  const [, version, traceId, spanId, flags, more] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ]
  // Later versions may say more; ff is none, and 00 says nothing beyond its flags.
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (isZero(traceId) || isZero(spanId)) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), traceState: traceStateOf(headers) }
}

/** One list, of all headers of that name in their order. */
function traceStateOf(headers: RecordHeaders): string | undefined {
  const values = headers.getAll('tracestate').filter((value) => value !== null && value.length > 0) as Buffer[]
  const length = values.reduce((sum, value) => sum + value.length + 1, -1)
  return length > 0 && length <= MAX_TRACESTATE_BYTES
    ? values.map((value) => value.toString('latin1')).join(',')
    : undefined
}

function shortText(value: Buffer | null | undefined, maxBytes: number): string | undefined {
  return value && value.length <= maxBytes ? value.toString('latin1') : undefined
}

function isZero(id: string): boolean {
  return /^0+$/.test(id)
}
