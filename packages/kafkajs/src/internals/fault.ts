/**
 * What went wrong inside the kafkajs layer.
 *
 * - `HF_KAFKAJS_UNKNOWN`: the installed kafkajs is not the one these mends were written for.
 * - `HF_PROTOCOL`: the peer of a connection sent something that is no Kafka response.
 * - `HF_CODEC`: a record batch cannot be decoded; fetching the same offset again will not help.
 * - `HF_CODEC_MISSING`: a codec of Kafka that this process does not have.
 */
export type InternalFaultCode = 'HF_KAFKAJS_UNKNOWN' | 'HF_PROTOCOL' | 'HF_CODEC' | 'HF_CODEC_MISSING'

export type FaultDetails = Readonly<Record<string, unknown>>

export class InternalFault extends Error {
  readonly code: InternalFaultCode
  readonly details: FaultDetails
  /** Read by kafkajs's retrier: the same bytes fail the same way, so it must not try again. */
  readonly retriable: boolean = false

  /** There is no `cause`: kafkajs would report that one in place of this error. */
  constructor(code: InternalFaultCode, message: string, details: FaultDetails = {}) {
    super(message)
    this.name = 'InternalFault'
    this.code = code
    this.details = details
  }
}

/** The first `InternalFault` in the chain of causes: kafkajs wraps what its codecs throw. */
export function findInternalFault(error: unknown): InternalFault | undefined {
  const seen = new Set<unknown>()
  let current = error
  while (current instanceof Error && !seen.has(current)) {
    if (current instanceof InternalFault) return current
    seen.add(current)
    current = current.cause
  }
  return undefined
}
