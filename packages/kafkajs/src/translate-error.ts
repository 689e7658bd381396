import { type ErrorCode, HoldfastError } from '@holdfast/core'
import { findInternalFault, type InternalFaultCode } from './internals/fault.ts'

/** What is worth knowing about where an error came from. */
export interface ErrorScene {
  readonly brokers: readonly string[]
  readonly sessionTimeoutMs?: number
  readonly groupInstanceId?: string | undefined
  readonly partitionAssignmentStrategy?: readonly string[]
}

const FAULT_CODES: Readonly<Record<InternalFaultCode, ErrorCode>> = {
  HF_KAFKAJS_UNKNOWN: 'HF_DRIVER_INCOMPATIBLE',
  HF_PROTOCOL: 'HF_PROTOCOL_FAULT',
  HF_CODEC: 'HF_UNDECODABLE',
  HF_CODEC_MISSING: 'HF_UNDECODABLE',
}

const TYPE_CODES: Readonly<Record<string, ErrorCode>> = {
  SASL_AUTHENTICATION_FAILED: 'HF_AUTH_FAILED',
  ILLEGAL_SASL_STATE: 'HF_AUTH_FAILED',
  UNSUPPORTED_SASL_MECHANISM: 'HF_AUTH_FAILED',
  GROUP_AUTHORIZATION_FAILED: 'HF_AUTH_FAILED',
  TOPIC_AUTHORIZATION_FAILED: 'HF_AUTH_FAILED',
  CLUSTER_AUTHORIZATION_FAILED: 'HF_AUTH_FAILED',
  INVALID_SESSION_TIMEOUT: 'HF_SESSION_TIMEOUT_REFUSED',
  UNKNOWN_TOPIC_OR_PARTITION: 'HF_TOPIC_MISSING',
  FENCED_INSTANCE_ID: 'HF_INSTANCE_FENCED',
  INCONSISTENT_GROUP_PROTOCOL: 'HF_STRATEGY_CONFLICT',
}

const NAME_CODES: Readonly<Record<string, ErrorCode>> = {
  KafkaJSSASLAuthenticationError: 'HF_AUTH_FAILED',
  KafkaJSConnectionError: 'HF_BROKER_UNREACHABLE',
  KafkaJSConnectionClosedError: 'HF_BROKER_UNREACHABLE',
  KafkaJSRequestTimeoutError: 'HF_BROKER_UNREACHABLE',
  KafkaJSNoBrokerAvailableError: 'HF_BROKER_UNREACHABLE',
  KafkaJSBrokerNotFound: 'HF_BROKER_UNREACHABLE',
}

interface ClientError extends Error {
  readonly type?: string
}

/** Any error of kafkajs, however deeply it is wrapped, as a `HoldfastError`. Total: what is unknown becomes HF_DRIVER_CRASHED. */
export function translateError(error: unknown, scene: ErrorScene): HoldfastError {
  const own = causes(error).find((link) => link instanceof HoldfastError)
  if (own !== undefined) return own
  const fault = findInternalFault(error)
  if (fault !== undefined)
    return new HoldfastError(FAULT_CODES[fault.code], `${fault.message}.`, { cause: error, details: fault.details })
  for (const link of causes(error)) {
    const code = TYPE_CODES[link.type ?? ''] ?? NAME_CODES[link.name]
    if (code !== undefined)
      return new HoldfastError(code, `${messageFor(code, link, scene)}`, {
        cause: error,
        details: { type: link.type ?? link.name, brokers: scene.brokers },
      })
  }
  return new HoldfastError(
    'HF_DRIVER_CRASHED',
    `kafkajs failed: ${error instanceof Error ? error.message : printed(error)}.`,
    { cause: error },
  )
}

/** Some objects cannot be made a text. */
function printed(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    return `a thrown ${typeof thrown}`
  }
}

/** The Kafka error name in the chain of causes, such as ILLEGAL_GENERATION. */
export function errorType(error: unknown): string | undefined {
  return causes(error).find(({ type }) => type !== undefined)?.type
}

function messageFor(code: ErrorCode, { message }: ClientError, scene: ErrorScene): string {
  const { brokers, sessionTimeoutMs, groupInstanceId, partitionAssignmentStrategy = [] } = scene
  switch (code) {
    case 'HF_INSTANCE_FENCED':
      return `another process joined the group with groupInstanceId = "${groupInstanceId}" and has taken over the partitions of this one.\n  Fix: give every member a groupInstanceId of its own.`
    case 'HF_STRATEGY_CONFLICT':
      return `partitionAssignmentStrategy = ${partitionAssignmentStrategy.join(', ')}: the other members of the group know none of these.\n  Fix: add one that they have.`
    case 'HF_AUTH_FAILED':
      return `${brokers.join(', ')} refused access: ${message}.\n  Fix: check sasl.mechanism, sasl.username and sasl.password, and the rights of that user.`
    case 'HF_SESSION_TIMEOUT_REFUSED':
      return `sessionTimeoutMs = ${sessionTimeoutMs} is outside the bounds of the broker (${message}).\n  Fix: choose a value between its group.min.session.timeout.ms and group.max.session.timeout.ms.`
    case 'HF_TOPIC_MISSING':
      return `a subscribed topic is missing: ${message}.\n  Fix: create it; holdfast never creates a topic by subscribing.`
    default:
      return `no broker of ${brokers.join(', ')} answers: ${message}.\n  Fix: check brokers, the listener that the broker advertises, DNS and firewalls.`
  }
}

/** An error, and what caused it. */
export function causes(error: unknown): ClientError[] {
  const chain: ClientError[] = []
  for (let link = error; link instanceof Error && !chain.includes(link); link = link.cause) chain.push(link)
  return chain
}
