import type { ConnectionOptions } from 'node:tls'
import { HoldfastError } from '@holdfast/core'

/** SASL credentials; `oauthbearer` and `aws` are left to a later version. */
export interface SaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

/** How to reach the brokers. */
export interface KafkajsOptions {
  /** `bootstrap.servers`, as `host:port`. */
  readonly brokers: readonly string[]
  /** `client.id`. @default 'holdfast' */
  readonly clientId?: string
  /** TLS: `true`, or options for `tls.connect`. @default false */
  readonly ssl?: boolean | ConnectionOptions
  readonly sasl?: SaslOptions
  /** Lets SASL credentials travel without TLS to hosts that are not this machine. @default false */
  readonly allowPlaintextSasl?: boolean
  /**
   * How long `run` looks for a broker that answers, and tries again where the first join fails, before it rejects.
   * @default 30000
   */
  readonly startTimeoutMs?: number
  /** How long opening a connection may take. @default 5000 */
  readonly connectionTimeoutMs?: number
  /** `request.timeout.ms`. @default 30000 */
  readonly requestTimeoutMs?: number
  /**
   * How often in a row a client that ended itself is replaced, with pauses from half a second to 30 seconds, before `run`
   * rejects. A membership of a minute begins the count anew. @default 10
   */
  readonly maxRestarts?: number
  /**
   * `metadata.max.age.ms`: within this time a raised partition count is noticed, and a new topic that a pattern matches.
   * @default 30000, since Kafka's 300000 leaves new partitions unread for minutes
   */
  readonly metadataMaxAgeMs?: number
  /**
   * `check.crcs`: looks at the checksum of every batch, at 600 MB a second; one that does not hold is quarantined. Where a batch
   * cannot be decoded it is looked at anyway, and told. @default false, unlike Kafka: TLS and disks have their own
   */
  readonly checkCrcs?: boolean
  /**
   * The most that a compressed batch may inflate to, and about the most that is inflated at a time; of the former the largest
   * value of the process holds. Past it a batch is quarantined. @default 134217728
   */
  readonly maxDecompressedBytes?: number
}

export type KafkajsConfig = Required<Omit<KafkajsOptions, 'sasl' | 'maxDecompressedBytes'>> &
  Pick<KafkajsOptions, 'sasl' | 'maxDecompressedBytes'>

const DEFAULTS: Omit<KafkajsConfig, 'brokers'> = {
  clientId: 'holdfast',
  ssl: false,
  allowPlaintextSasl: false,
  startTimeoutMs: 30_000,
  connectionTimeoutMs: 5_000,
  requestTimeoutMs: 30_000,
  maxRestarts: 10,
  metadataMaxAgeMs: 30_000,
  checkCrcs: false,
}
const KNOWN: readonly string[] = ['brokers', 'sasl', 'maxDecompressedBytes', ...Object.keys(DEFAULTS)]
const MECHANISMS: readonly unknown[] = ['plain', 'scram-sha-256', 'scram-sha-512']
/** The longest that a timer of Node can be set to. */
const MAX_TIMER_MS = 2 ** 31 - 1
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/

/** Checks what was given and fills in the rest. Messages never show a credential. */
export function resolveKafkajsOptions(options: KafkajsOptions): KafkajsConfig {
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name))
  if (unknown !== undefined)
    throw invalid(unknown, `there is no kafkajs option "${unknown}"`, `use one of ${KNOWN.join(', ')}`)
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const config = Object.freeze({ ...DEFAULTS, ...given, brokers: checkBrokers(options.brokers) }) as KafkajsConfig
  for (const name of ['startTimeoutMs', 'connectionTimeoutMs', 'requestTimeoutMs', 'metadataMaxAgeMs'] as const)
    checkWhole(name, config[name], 'milliseconds', MAX_TIMER_MS)
  if (config.maxDecompressedBytes !== undefined)
    checkWhole('maxDecompressedBytes', config.maxDecompressedBytes, 'bytes')
  if (!Number.isInteger(config.maxRestarts) || config.maxRestarts < 0) {
    throw invalid(
      'maxRestarts',
      `maxRestarts = ${String(config.maxRestarts)} is not allowed: it must be a whole number of at least 0`,
      'correct maxRestarts, or leave it out',
    )
  }
  if (config.sasl !== undefined) checkSasl(config, config.sasl)
  return config
}

/** The host of a `host:port`, whatever the notation of its address. */
function hostOf(broker: string): string {
  return broker.slice(0, broker.lastIndexOf(':'))
}

function checkBrokers(brokers: unknown): readonly string[] {
  if (!Array.isArray(brokers) || brokers.length === 0) {
    throw invalid(
      'brokers',
      `brokers = ${JSON.stringify(brokers)} is not allowed: it must be a list of host:port`,
      "write brokers: ['localhost:9092']",
    )
  }
  const trimmed = brokers.map((broker) => String(broker).trim())
  const wrong = trimmed.find(
    (broker) =>
      !/^[^\s:/]+:\d{1,5}$|^\[[\da-f:]+\]:\d{1,5}$/i.test(broker) ||
      Number(broker.slice(broker.lastIndexOf(':') + 1)) > 65_535,
  )
  if (wrong !== undefined) {
    throw invalid(
      'brokers',
      `brokers has "${wrong}", which is not a host:port`,
      'leave out schemes such as kafka://, and add the port',
    )
  }
  return Object.freeze([...new Set(trimmed)])
}

function checkWhole(name: string, value: unknown, unit: string, most: number = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && (value as number) > 0 && (value as number) <= most) return
  throw invalid(
    name,
    `${name} = ${String(value)} is not allowed: it must be a whole number of ${unit} between 1 and ${most}`,
    `correct ${name}, or leave it out`,
  )
}

function checkSasl({ brokers, ssl, allowPlaintextSasl }: KafkajsConfig, sasl: SaslOptions): void {
  if (!MECHANISMS.includes(sasl.mechanism)) {
    throw invalid(
      'sasl.mechanism',
      `sasl.mechanism = ${JSON.stringify(sasl.mechanism)} is not allowed`,
      `use one of ${MECHANISMS.join(', ')}`,
    )
  }
  for (const name of ['username', 'password'] as const) {
    if (typeof sasl[name] !== 'string' || sasl[name] === '')
      throw invalid(`sasl.${name}`, `sasl.${name} is empty or not a text`, `set sasl.${name}`)
  }
  const remote = brokers.find((broker) => !LOOPBACK.test(hostOf(broker)))
  if (ssl !== false || allowPlaintextSasl || remote === undefined) return
  throw new HoldfastError(
    'HF_SASL_WITHOUT_TLS',
    `sasl is set without ssl, and ${remote} is not this machine: the password would travel in plain text.\n  Fix: ssl: true, or allowPlaintextSasl: true on a network that you trust.`,
    { details: { option: 'ssl', broker: remote } },
  )
}

function invalid(option: string, reason: string, fix: string): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', `${reason}.\n  Fix: ${fix}.`, { details: { option } })
}
